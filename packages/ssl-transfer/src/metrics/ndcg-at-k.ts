import type { NdArray } from '@selfsup/ssl-tensor/host';
import { rankedRelevance } from './ranked-relevance.js';

/**
 * Normalised discounted cumulative gain of the first `k` documents, mean over the queries: the sum of
 * `relevance / log2(rank + 1)`, over that of the best order.
 *
 * @param scores float32 `[queries, documents]`, such as similarities
 * @param relevances float32 `[queries, documents]`, 0 = of no use, higher = better
 * @param k in `1 .. documents`
 * @returns in `[0, 1]`
 * @throws ShapeError, DataError for values that do not fit, NaN and negative relevances among them, and for a query without a
 *   relevant document; InvalidOptionError for `k`
 * Source: Järvelin and Kekäläinen 2002, doi:10.1145/582415.582418; `sklearn.metrics.ndcg_score`, which gives 0 to a query
 * without a relevant document, and of equal scores takes the mean of all orders; here the document that stands first is first.
 */
export function ndcgAtK(scores: NdArray<Float32Array>, relevances: NdArray<Float32Array>, k: number): number {
  let [sum, queries] = [0, 0];
  for (const { found, all } of rankedRelevance('ndcgAtK', scores, relevances, k)) {
    sum += gain(found) / gain(Float32Array.from(all).sort().reverse().subarray(0, k));
    queries++;
  }
  return sum / queries;
}

function gain(relevances: Float32Array): number {
  return relevances.reduce((sum, relevance, rank) => sum + relevance / Math.log2(rank + 2), 0);
}

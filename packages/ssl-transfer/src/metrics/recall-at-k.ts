import type { NdArray } from '@selfsup/ssl-tensor/host';
import { rankedRelevance } from './ranked-relevance.js';

/**
 * Share of a query's relevant documents that are among its `k` best, mean over the queries.
 *
 * @param scores float32 `[queries, documents]`, such as similarities; of equal ones the document that stands first is first
 * @param relevances float32 `[queries, documents]`, above 0 = relevant
 * @param k in `1 .. documents`
 * @returns in `[0, 1]`
 * @throws as `ndcgAtK`
 */
export function recallAtK(scores: NdArray<Float32Array>, relevances: NdArray<Float32Array>, k: number): number {
  let [sum, queries] = [0, 0];
  const relevant = (values: Float32Array): number => values.filter((relevance) => relevance > 0).length;
  for (const { found, all } of rankedRelevance('recallAtK', scores, relevances, k)) {
    sum += relevant(found) / relevant(all);
    queries++;
  }
  return sum / queries;
}

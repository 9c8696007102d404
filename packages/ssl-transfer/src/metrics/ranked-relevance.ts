import { checkInteger, DataError, type NdArray } from '@selfsup/ssl-tensor/host';
import { featureMatrix } from '../features/feature-matrix.js';

/** Relevances of each query's `k` best documents, best first, and of all its documents. */
export interface RankedRelevance {
  readonly found: Float32Array;
  readonly all: Float32Array;
}

/**
 * Documents in the order of their scores, the higher first, of equal ones the one that stands first.
 *
 * @param scores float32 `[queries, documents]`
 * @param relevances likewise, 0 = of no use, higher = better
 * @throws ShapeError, DataError for values that do not fit, negative relevances and queries without any; InvalidOptionError
 *   for `k`
 */
export function* rankedRelevance(
  where: string,
  scores: NdArray<Float32Array>,
  relevances: NdArray<Float32Array>,
  k: number,
): Generator<RankedRelevance> {
  const { data, rows, dim } = featureMatrix(where, 'scores', scores);
  const truth = featureMatrix(where, 'relevances', relevances, dim);
  if (truth.rows !== rows)
    throw new DataError(`${where}: there are scores of ${rows} queries and relevances of ${truth.rows}`);
  checkInteger(where, 'k', k, 1, dim);
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * dim, (row + 1) * dim);
    const all = truth.data.subarray(row * dim, (row + 1) * dim);
    if (all.some((relevance) => relevance < 0))
      throw new DataError(`${where}: relevances holds a negative number in row ${row}; 0 is of no use`);
    if (!all.some((relevance) => relevance > 0))
      throw new DataError(`${where}: query ${row} has no relevant document, so nothing can be found; leave it out`);
    const order = Array.from(own, (_, index) => index).sort((i, j) => own[j]! - own[i]! || i - j);
    yield { found: Float32Array.from(order.slice(0, k), (index) => all[index]!), all };
  }
}

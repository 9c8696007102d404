import { checkInteger } from '@selfsup/ssl-tensor/host';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import { featureMatrix } from '../features/feature-matrix.js';
import { checkLabels } from '../labels/check-labels.js';

/**
 * Share of samples whose label is among the `k` highest scores. The order is that of the predictions: the higher score
 * first, of equal scores the lower class. So a tie is a hit only for the classes that come first by their number, and
 * constant scores do not look right by chance.
 *
 * A class that nothing speaks for is never a hit: in a row of votes or probabilities (no score below 0, some above) a
 * score of 0 is no vote, and fewer than `k` classes may have any.
 *
 * @param scores `[n, classes]` logits, votes or probabilities, all finite
 * @param labels `[n]`
 * @param k in `1 .. classes`
 * @returns in `[0, 1]`
 * @throws ShapeError, DataError for scores or labels that do not fit, NaN among them; InvalidOptionError for `k`
 */
export function topKAccuracy(scores: NdArray<Float32Array>, labels: Int32Array, k: number): number {
  const { data, rows, dim } = featureMatrix('topKAccuracy', 'scores', scores);
  checkLabels('topKAccuracy', 'labels', labels, rows, dim);
  checkInteger('topKAccuracy', 'k', k, 1, dim);
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    const own = data[row * dim + label]!;
    let above = 0;
    let [lowest, highest] = [Infinity, -Infinity];
    for (let c = 0; c < dim; c++) {
      const score = data[row * dim + c]!;
      if (score > own || (score === own && c < label)) above++;
      lowest = Math.min(lowest, score);
      highest = Math.max(highest, score);
    }
    const withoutVote = own === 0 && lowest >= 0 && highest > 0;
    if (above < k && !withoutVote) hits++;
  }
  return hits / rows;
}

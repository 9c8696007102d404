import { InvalidOptionError } from 'ssl-tensor/host';
import type { NdArray } from 'ssl-tensor/host';
import { featureMatrix } from '../features/feature-matrix.js';
import { checkLabels } from '../labels/check-labels.js';

/**
 * Share of samples whose label is among the `k` highest scores. A class that ties with the label's counts as above it
 * when its number is lower, so constant scores do not look right by chance.
 *
 * @param scores `[n, classes]` logits, votes or probabilities
 * @param labels `[n]`
 * @param k in `1 .. classes`
 * @returns in `[0, 1]`
 * @throws ShapeError, DataError for scores or labels that do not fit; InvalidOptionError for `k`
 */
export function topKAccuracy(scores: NdArray<Float32Array>, labels: Int32Array, k: number): number {
  const { data, rows, dim } = featureMatrix('topKAccuracy', 'scores', scores);
  checkLabels('topKAccuracy', 'labels', labels, rows, dim);
  if (!(Number.isInteger(k) && k >= 1 && k <= dim))
    throw new InvalidOptionError('topKAccuracy', 'k', `an integer in 1 .. ${dim}`, k);
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    const own = data[row * dim + label]!;
    let above = 0;
    for (let c = 0; c < dim; c++) {
      const score = data[row * dim + c]!;
      if (score > own || (score === own && c < label)) above++;
    }
    if (above < k) hits++;
  }
  return hits / rows;
}

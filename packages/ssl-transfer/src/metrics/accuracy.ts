import { checkLabels } from '@selfsup/ssl-tensor/host';
import { checkPredictions } from './check-predictions.js';

/**
 * Share of predictions that equal the label. A prediction of a tie is the lowest class, as every function here predicts.
 *
 * @param predictions `[n]` class of each sample, n >= 1
 * @param labels `[n]`, each 0 or more
 * @returns in `[0, 1]`
 * @throws ShapeError where the lengths differ or there is no sample; DataError for a label that is no class
 */
export function accuracy(predictions: Int32Array, labels: Int32Array): number {
  checkPredictions('accuracy', predictions, labels);
  checkLabels('accuracy', 'labels', labels);
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) hits++;
  return hits / labels.length;
}

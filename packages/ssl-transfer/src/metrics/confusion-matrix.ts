import type { NdArray } from '@selfsup/ssl-tensor/host';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkLabels, checkScores } from '../labels/check-labels.js';

/**
 * Counts of (true class, predicted class).
 *
 * @param predictions `[n]`, each 0 or more
 * @param labels `[n]`, each 0 or more
 * @param classes number of classes; default: the largest class seen + 1
 * @returns int32 `[classes, classes]`: row = true class, column = predicted class
 * @throws ShapeError where the lengths differ; DataError for a class out of range
 */
export function confusionMatrix(predictions: Int32Array, labels: Int32Array, classes?: number): NdArray<Int32Array> {
  const where = 'confusionMatrix';
  if (typeof (predictions as Int32Array | undefined)?.length !== 'number')
    throw new InvalidOptionError(
      where,
      'predictions',
      'an array of numbers (the data of an NdArray or tensor)',
      predictions,
    );
  const seenLabels = checkLabels(where, 'labels', labels, predictions.length, classes);
  const seenPredictions = checkLabels(where, 'predictions', predictions, predictions.length, classes);
  const size = Math.max(seenLabels, seenPredictions);
  checkScores(where, `${size} classes`, size, size);
  const data = new Int32Array(size * size);
  for (let i = 0; i < labels.length; i++) {
    const cell = labels[i]! * size + predictions[i]!;
    data[cell] = data[cell]! + 1;
  }
  return { data, shape: [size, size] };
}

import { checkLabels, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/**
 * Share of predictions that equal the label. A prediction of a tie is the lowest class, as every function here predicts.
 *
 * @param predictions `[n]` class of each sample, n >= 1
 * @param labels `[n]`, each 0 or more
 * @returns in `[0, 1]`
 * @throws ShapeError where the lengths differ or there is no sample; DataError for a label that is no class
 */
export function accuracy(predictions: Int32Array, labels: Int32Array): number {
  if (typeof (predictions as Int32Array | undefined)?.length !== 'number')
    throw new InvalidOptionError(
      'accuracy',
      'predictions',
      'an array of numbers (the data of an NdArray or tensor)',
      predictions,
    );
  if (typeof (labels as Int32Array | undefined)?.length !== 'number')
    throw new InvalidOptionError(
      'accuracy',
      'labels',
      'an array of numbers (the data of an NdArray or tensor)',
      labels,
    );
  if (predictions.length !== labels.length || labels.length === 0) {
    throw new ShapeError(
      'accuracy',
      'labels',
      `[${predictions.length}] like the predictions, and not empty`,
      `[${labels.length}]`,
    );
  }
  checkLabels('accuracy', 'labels', labels);
  let hits = 0;
  for (let i = 0; i < labels.length; i++) if (predictions[i] === labels[i]) hits++;
  return hits / labels.length;
}

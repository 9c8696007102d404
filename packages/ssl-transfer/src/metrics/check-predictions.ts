import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError for predictions that are no array; ShapeError where there are not as many labels, or none */
export function checkPredictions(where: string, predictions: Int32Array, labels: Int32Array): void {
  for (const [name, values] of Object.entries({ predictions, labels }))
    if (typeof (values as Int32Array | undefined)?.length !== 'number')
      throw new InvalidOptionError(where, name, 'an array of numbers (the data of an NdArray or tensor)', values);
  if (predictions.length === labels.length && labels.length > 0) return;
  const expected = `[${predictions.length}] like the predictions, and not empty`;
  throw new ShapeError(where, 'labels', expected, `[${labels.length}]`);
}

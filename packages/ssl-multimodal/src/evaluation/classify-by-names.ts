import { DataError, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { nearestNeighbours } from '@selfsup/ssl-transfer';

/**
 * Classes of pictures by the texts that describe the classes ("zero-shot"): the class whose mean text is nearest.
 *
 * @param images `[n, d]`
 * @param texts `[classes * t, d]`: `t` texts of class 0 (a name in several sentences), then those of class 1, and so on.
 *   Each counts with length 1, as does their mean
 * @param classes how many
 * @returns the classes, most similar first, int32 `[n, classes]`, and their cosine similarities
 * @throws ShapeError where the texts are no multiple of the classes; DataError for texts whose mean is zero
 * Source: Radford et al. 2021, arXiv 2103.00020, section 3.1.4.
 */
export async function classifyByNames(
  images: NdArray<Float32Array>,
  texts: NdArray<Float32Array>,
  classes: number,
): Promise<{ readonly classes: NdArray<Int32Array>; readonly similarities: NdArray<Float32Array> }> {
  const where = 'classifyByNames';
  const [rows = 0, dim = 0] = texts.shape;
  const each = rows / classes;
  if (!(Number.isInteger(classes) && classes > 0 && Number.isInteger(each) && each > 0))
    throw new ShapeError(where, 'texts', `[classes * t, d] with ${classes} classes`, `[${texts.shape.join(', ')}]`);
  const means = new Float32Array(classes * dim);
  for (let row = 0; row < rows; row++) {
    const text = texts.data.subarray(row * dim, (row + 1) * dim);
    const length = Math.hypot(...text);
    const mean = means.subarray(Math.floor(row / each) * dim);
    if (length > 0) for (let column = 0; column < dim; column++) mean[column]! += text[column]! / length;
  }
  const nothing = Array.from({ length: classes }, (_, at) => means.subarray(at * dim, (at + 1) * dim)).findIndex(
    (mean) => mean.every((value) => value === 0),
  );
  if (nothing >= 0) throw new DataError(`${where}: the texts of class ${nothing} have no direction`);
  const { indexes, similarities } = await nearestNeighbours(images, { data: means, shape: [classes, dim] }, classes);
  return { classes: indexes, similarities };
}

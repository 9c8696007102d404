import { isNdArray, type NdArray, ShapeError } from '@selfsup/ssl-core';

/** @throws ShapeError unless `pictures` are uint8 `[n, height, width, channels]`, one or more */
export function checkPictures(where: string, pictures: NdArray<Uint8Array>): void {
  const expected = 'uint8 [n, height, width, channels] with one picture or more';
  if (!isNdArray(pictures)) throw new ShapeError(where, 'pictures', expected, String(pictures));
  const { data, shape } = pictures;
  if (data instanceof Uint8Array && shape.length === 4 && shape[0]! > 0) return;
  throw new ShapeError(where, 'pictures', expected, `${data.constructor.name} [${shape.join(', ')}]`);
}

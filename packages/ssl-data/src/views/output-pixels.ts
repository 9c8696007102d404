import { DataError } from '@selfsup/ssl-core';

/** Pixels that a view whose result grows with the picture makes at most: 8,192 x 8,192. */
export const defaultMaxOutputPixels = 2 ** 26;

/** Throws {@link DataError} for a picture of which a view would make more pixels than allowed. */
export function checkOutputPixels(
  where: string,
  [height, width]: readonly [height: number, width: number],
  [outHeight, outWidth]: readonly [height: number, width: number],
  maxPixels: number,
): void {
  if (outHeight * outWidth <= maxPixels) return;
  throw new DataError(
    `${where} would make ${outHeight} x ${outWidth} pixels of ${height} x ${width}, more than maxPixels (${maxPixels}); put centerCrop or randomCrop right after it in compose(), which makes only what is kept, raise maxPixels, or remove the picture`,
  );
}

import { InvalidOptionError, isNdArray, ndArray, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { checkIndex } from '../dataset/check-index.js';
import { type SheetPicture, writePictureSheet } from './picture-sheet.js';

/** Side of a cell, in pixels, where pictures are smaller. */
const smallestCell = 64;
/** Cells of a sheet: 100 rows of a query and nine neighbours are a page that can still be looked at. */
const mostCells = 10_000;

/**
 * Draws images side by side as a PNG file, a row for each row of numbers: what `nearestNeighbours` found, with the query
 * itself first where it is among them.
 *
 * @param path file, written whole; an older sheet is replaced, any other file is not
 * @param images uint8 `[n, height, width, 1 or 3]`
 * @param rows numbers of images, `[rows, columns]`
 * @returns height and width of the sheet, pixels
 * @throws ShapeError for arrays of other ranks, InvalidOptionError for a number that is no image and for more than 10,000
 *   cells, DataError where the file cannot be written or is none of these sheets
 * @example
 * const { indexes } = await nearestNeighbours(gatherRows(features, [0, 1, 2]), features, 6);
 * await drawRows('neighbours.png', images, indexes);
 */
export async function drawRows(
  path: string,
  images: NdArray<Uint8Array>,
  rows: NdArray<Int32Array | Uint8Array>,
): Promise<{ readonly height: number; readonly width: number }> {
  for (const [name, array] of [
    ['images', images],
    ['rows', rows],
  ] as const)
    if (!isNdArray(array)) {
      const advice = 'images is what readImages gives, rows the indexes of nearestNeighbours';
      throw new InvalidOptionError('drawRows', name, 'an NdArray', array, advice);
    }
  const [count, height, width, channels] = images.shape;
  if (images.shape.length !== 4 || !(channels === 1 || channels === 3) || !(images.data instanceof Uint8Array))
    throw new ShapeError(
      'drawRows',
      'images',
      'uint8 [n, height, width, 1 or 3], as readImages gives',
      `[${images.shape.join(', ')}]`,
    );
  const [rowCount, columns] = rows.shape;
  if (rows.shape.length !== 2)
    throw new ShapeError('drawRows', 'rows', '[rows, columns] of numbers of images', `[${rows.shape.join(', ')}]`);
  if (rows.data.length === 0 || rows.data.length > mostCells)
    throw new InvalidOptionError('drawRows', 'rows', `1 to ${mostCells} numbers of images`, rows.data.length);
  const size = height! * width! * channels;
  const scale = Math.max(1, Math.floor(smallestCell / Math.max(height!, width!)));
  const pictures = Array.from(rows.data, (index, place): SheetPicture => {
    checkIndex('drawRows', index, count!);
    const data = images.data.subarray(index * size, (index + 1) * size);
    const image = ndArray(data, [height!, width!, channels]);
    return { image, row: Math.floor(place / columns!), column: place % columns!, scale };
  });
  const cell = Math.max(smallestCell, height!, width!);
  return writePictureSheet(path, { rows: rowCount!, columns: columns!, cell }, pictures);
}

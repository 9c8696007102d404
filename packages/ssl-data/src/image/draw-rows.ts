import { InvalidOptionError, isNdArray, ndArray, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { checkIndex } from '../dataset/check-index.js';
import { type SheetPicture, writePictureSheet } from './picture-sheet.js';

const where = 'drawRows';
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
 * @throws ShapeError for arrays of other shapes, InvalidOptionError for what is no array, a number that is no image, more
 *   than 10,000 cells and a name of another format than PNG, DataError where the file cannot be written or is none of these
 *   sheets
 * @example
 * const { indexes } = await nearestNeighbours(gatherRows(features, [0, 1, 2]), features, 6);
 * await drawRows('neighbours.png', images, indexes);
 */
export async function drawRows(
  path: string,
  images: NdArray<Uint8Array>,
  rows: NdArray<Int32Array | Uint8Array>,
): Promise<{ readonly height: number; readonly width: number }> {
  const [count, height, width, channels] = checkImages(images);
  const [rowCount, columns] = checkRows(rows);
  if (rows.data.length === 0 || rows.data.length > mostCells)
    throw new InvalidOptionError(where, 'rows', `1 to ${mostCells} numbers of images`, rows.data.length);
  const size = height * width * channels;
  const scale = Math.max(1, Math.floor(smallestCell / Math.max(height, width)));
  const pictures = Array.from(rows.data, (index, place): SheetPicture => {
    checkIndex(where, index, count);
    const data = images.data.subarray(index * size, (index + 1) * size);
    const image = ndArray(data, [height, width, channels]);
    return { image, row: Math.floor(place / columns), column: place % columns, scale };
  });
  const cell = Math.max(smallestCell, height, width);
  return writePictureSheet(path, { rows: rowCount, columns: columns, cell }, pictures);
}

function checkImages(
  images: NdArray<Uint8Array>,
): readonly [n: number, height: number, width: number, channels: number] {
  const advice = 'Such as the images of await readImages(dataset)';
  if (!isNdArray(images)) throw new InvalidOptionError(where, 'images', 'an NdArray of images', images, advice);
  const { data, shape } = images;
  const [count = 0, height = 0, width = 0, channels = 0] = shape;
  if (
    shape.length !== 4 ||
    !(channels === 1 || channels === 3) ||
    !(data instanceof Uint8Array) ||
    data.length === 0 ||
    data.length !== count * height * width * channels
  )
    throw new ShapeError(
      where,
      'images',
      'uint8 [n, height, width, 1 or 3], as readImages gives',
      `[${shape.join(', ')}] with ${data.length} values of ${data.constructor.name}`,
    );
  return [count, height, width, channels];
}

function checkRows(rows: NdArray<Int32Array | Uint8Array>): readonly [rows: number, columns: number] {
  const advice =
    'Such as the indexes of nearestNeighbours, or ndArray(Int32Array.of(0, 5, 7, 1, 2, 3), [2, 3]) for two rows of three';
  if (!isNdArray(rows)) throw new InvalidOptionError(where, 'rows', 'an NdArray of numbers of images', rows, advice);
  const { data, shape } = rows;
  const [count = 0, columns = 0] = shape;
  if (shape.length !== 2 || data.length !== count * columns)
    throw new ShapeError(
      where,
      'rows',
      '[rows, columns] of numbers of images',
      `[${shape.join(', ')}] with ${data.length} values`,
    );
  return [count, columns];
}

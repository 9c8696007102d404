import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawRows } from './draw-rows.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'ssl-draw-rows-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Three images of 32 x 16, each of one colour. */
const colours = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];
const images = {
  data: Uint8Array.from({ length: 3 * 32 * 16 * 3 }, (_, i) => colours[Math.floor(i / (32 * 16 * 3))]![i % 3]!),
  shape: [3, 32, 16, 3],
};

it('draws a row for each row of numbers, the same number as often as it comes', async () => {
  const path = join(folder, 'sheet.png');
  const rows = { data: Int32Array.of(0, 1, 2, 2, 0, 0), shape: [2, 3] };
  const { height, width } = await drawRows(path, images, rows);
  expect([height, width]).toEqual([4 + 2 * 68, 4 + 3 * 68]);
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const middle = (row: number, column: number) => {
    const at = ((4 + row * 68 + 32) * info.width + 4 + column * 68 + 32) * 3;
    return [...data.subarray(at, at + 3)];
  };
  expect([0, 1].map((row) => [0, 1, 2].map((column) => middle(row, column)))).toEqual([
    [colours[0], colours[1], colours[2]],
    [colours[2], colours[0], colours[0]],
  ]);
  // Twice as large, so that they fill the cell: 64 x 32.
  const at = ((4 + 1) * info.width + 4 + 32) * 3;
  expect([...data.subarray(at, at + 3)]).toEqual(colours[0]);
  await drawRows(path, images, rows);
});

it('refuses numbers that are no image, other shapes, and no numbers', async () => {
  const path = join(folder, 'none.png');
  const draw = (data: number[], shape: number[], of = images) =>
    drawRows(path, of, { data: Int32Array.from(data), shape });
  await expect(draw([3], [1, 1])).rejects.toThrow(InvalidOptionError);
  await expect(draw([-1], [1, 1])).rejects.toThrow(InvalidOptionError);
  await expect(draw([], [0, 3])).rejects.toThrow(InvalidOptionError);
  await expect(draw([1], [1])).rejects.toThrow(ShapeError);
  await expect(draw([0], [1, 1], { ...images, shape: [3, 32, 48] })).rejects.toThrow(/readImages/);
});

it.each([
  ['a list of lists', images, [[0, 1]], /rows must be an NdArray .*got an array of 1\. Such as the indexes/],
  ['numbers without their shape', images, Int32Array.of(0, 1), /rows must be an NdArray .*got an Int32Array of 2/],
  ['all that nearestNeighbours found', images, { indexes: {}, similarities: {} }, /object with indexes, similarities/],
  ['a shape of more numbers', images, { data: Int32Array.of(0, 1, 2), shape: [2, 2] }, /\[2, 2\] with 3 values/],
  [
    'all that readImages gave',
    { images, labels: [] },
    { data: Int32Array.of(0), shape: [1, 1] },
    /images must be an NdA/,
  ],
  [
    'images cut short',
    { ...images, shape: [9, 32, 16, 3] },
    { data: Int32Array.of(0), shape: [1, 1] },
    /9, 32, 16, 3\] w/,
  ],
  [
    'images without pixels',
    { data: new Uint8Array(), shape: [1, 0, 1, 3] },
    { data: Int32Array.of(0), shape: [1, 1] },
    /0/,
  ],
])('refuses %s', async (_, of, rows, message) => {
  const drawing = drawRows(join(folder, 'none.png'), of as never, rows as never);
  await expect(drawing).rejects.toSatisfy(
    (error) =>
      (InvalidOptionError.isInstance(error) || ShapeError.isInstance(error)) && message.test((error as Error).message),
  );
});

it('refuses the name of another format, and a sheet that no viewer opens', async () => {
  const rows = { data: Int32Array.of(0), shape: [1, 1] };
  for (const name of ['sheet.jpg', 'sheet.webp'])
    await expect(drawRows(join(folder, name), images, rows)).rejects.toThrow(/name it sheet\.png/);
  await expect(drawRows('', images, rows)).rejects.toThrow(InvalidOptionError);
  await drawRows(join(folder, 'plain'), images, rows);
  const large = { data: new Uint8Array(2000 * 2000), shape: [1, 2000, 2000, 1] };
  const many = { data: new Int32Array(100), shape: [10, 10] };
  await expect(drawRows(join(folder, 'large.png'), large, many)).rejects.toThrow(/10 x 10 cells of 2000 x 2000/);
});

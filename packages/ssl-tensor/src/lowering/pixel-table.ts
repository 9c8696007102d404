import type { Builder } from '../graph/builder.js';
import { sizeOf, type Value } from '../graph/value.js';

/** Number of pixels of images `[n, h, w, c]`: the row of the first fill in their table. */
export const pixelCount = (images: Value): number => sizeOf(images.shape.slice(0, 3));

/**
 * Pixels of images `[n, h, w, c]` as rows to gather from, followed by one row per fill, which is what a place outside
 * reads: `[n * h * w + fills, c]`.
 */
export function pixelTable(b: Builder, images: Value, fills: readonly number[]): Value {
  const channels = images.shape[3]!;
  const rows = Float32Array.from(
    { length: fills.length * channels },
    (_, index) => fills[Math.floor(index / channels)]!,
  );
  return b.concat([b.reshape(images, [pixelCount(images), channels]), b.constant(rows, [fills.length, channels])], 0);
}

/** Rows of the pixels at image, row and column, int32 that broadcast. */
export function pixelRows(b: Builder, images: Value, image: Value, row: Value, column: Value): Value {
  const [, height, width] = images.shape as readonly [number, number, number, number];
  const start = b.mul(image, b.scalar(height * width, 'int32'));
  return b.add(b.add(start, b.mul(row, b.scalar(width, 'int32'))), column);
}

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { type FillMode, placeInside } from './fill-mode.js';
import { toFloat64 } from '../graph/float64.js';
import { float64Range, float64Scalar, roundHalfUp } from './float64.js';
import { pixelCount, pixelRows, pixelTable } from './pixel-table.js';

export interface TransformOptions {
  readonly interpolation: 'nearest' | 'bilinear';
  readonly fillMode: FillMode;
  readonly fillValue: number;
  readonly outputShape: readonly [number, number];
}

/** Whole places along one axis as int32 indices, and which of them are pixels. */
interface Pixels {
  readonly index: Value;
  readonly exists: Value;
}

function pixelsAt(b: Builder, places: Value, size: number): Pixels {
  const zero = float64Scalar(b, 0);
  const exists = b.binary(
    'And',
    b.binary('GreaterOrEqual', places, zero, 'bool'),
    b.binary('Less', places, float64Scalar(b, size), 'bool'),
  );
  return { exists, index: b.cast(b.where(exists, places, zero), 'int32') };
}

/** Places in the image along height and width of each pixel of the result, float64 `[batch or 1, ...outputShape]`. */
function placesOf(b: Builder, image: Value, transforms: Value, options: TransformOptions): readonly [Value, Value] {
  const count = transforms.shape[0]!;
  const [height, width] = options.outputShape;
  const [row, column] = [b.reshape(float64Range(b, height), [height, 1]), float64Range(b, width)];
  const entry = (index: number): Value =>
    b.reshape(toFloat64(b, b.slice(transforms, [0, index], [count, index + 1])), [count, 1, 1]);
  const linear = (first: number, offset: Value): Value =>
    b.add(b.add(b.mul(entry(first), column), b.mul(entry(first + 1), row)), offset);
  const projection = linear(6, float64Scalar(b, 1));
  const isInfinite = b.binary('Equal', projection, float64Scalar(b, 0), 'bool');
  const along = (first: number, size: number): Value => {
    const place = placeInside(b, b.div(linear(first, entry(first + 2)), projection), size, options.fillMode);
    // So far out that its neighbours are outside too, in every fill mode.
    return b.where(isInfinite, float64Scalar(b, -2), place);
  };
  return [along(3, image.shape[1]!), along(0, image.shape[2]!)];
}

/** Values at pixels of the images, or the fill outside: `[batch, ...outputShape, c]`. */
function reader(b: Builder, image: Value, { fillValue, outputShape }: TransformOptions) {
  const batch = image.shape[0]!;
  const images = b.constant(
    Int32Array.from({ length: batch }, (_, index) => index),
    [batch, 1, 1],
    'int32',
  );
  const table = pixelTable(b, image, [fillValue]);
  const none = b.scalar(pixelCount(image), 'int32');
  return (row: Pixels, column: Pixels): Value => {
    const exists = b.binary('And', row.exists, column.exists);
    const pixels = b.where(exists, pixelRows(b, image, images, row.index, column.index), none);
    return b.gather(table, b.expand(pixels, [batch, ...outputShape]), 0);
  };
}

/** The two pixels around places along one axis, with their weights `[…, 1]`. */
function neighbours(b: Builder, places: Value, size: number): readonly { pixels: Pixels; weight: Value }[] {
  const low = b.unary('Floor', places);
  const high = b.add(low, float64Scalar(b, 1));
  const weight = (from: Value, to: Value): Value => b.reshape(b.cast(b.sub(to, from), 'float32'), [...places.shape, 1]);
  return [
    { pixels: pixelsAt(b, low, size), weight: weight(places, high) },
    { pixels: pixelsAt(b, high, size), weight: weight(low, places) },
  ];
}

/**
 * Images under projective maps from places of the result to places of the image. TF.js's CPU backend maps the first of
 * a batch and leaves the others at the fill; here all are mapped.
 *
 * @param image `[batch, h, w, c]`
 * @param transforms `[batch or 1, 8]`: a0 … a2 give x, b0 … b2 give y, c0 and c1 the divisor of both
 * @returns `[batch, ...outputShape, c]`
 */
export function projectiveTransform(b: Builder, image: Value, transforms: Value, options: TransformOptions): Value {
  const [, height, width] = image.shape as readonly [number, number, number, number];
  const [y, x] = placesOf(b, image, transforms, options);
  const read = reader(b, image, options);
  if (options.interpolation === 'nearest')
    return read(pixelsAt(b, roundHalfUp(b, y), height), pixelsAt(b, roundHalfUp(b, x), width));
  const columns = neighbours(b, x, width);
  return neighbours(b, y, height)
    .flatMap((row) => columns.map((column) => b.mul(b.mul(row.weight, column.weight), read(row.pixels, column.pixels))))
    .reduce((sum, part) => b.add(sum, part));
}

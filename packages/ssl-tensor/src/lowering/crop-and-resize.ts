import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { toFloat64 } from '../graph/float64.js';
import { float64Range, float64Scalar, roundHalfUp } from './float64.js';
import { pixelCount, pixelRows, pixelTable } from './pixel-table.js';

/** Pixels that the crops' rows or columns read, `[boxes, size]`. */
interface AxisPlaces {
  readonly inside: Value;
  readonly outside: Value;
  readonly nearest: Value;
  readonly low: Value;
  readonly high: Value;
  /** From low to high, in `[0, 1)`. */
  readonly fraction: Value;
}

const and = (b: Builder, ...conditions: readonly Value[]): Value =>
  conditions.reduce((all, condition) => b.binary('And', all, condition));

const or = (b: Builder, left: Value, right: Value): Value => b.binary('Or', left, right);

/** Places in the image, float64 `[boxes, cropSize]`, of boxes from `first` to `last`, `[boxes, 1]`. */
function placesOf(b: Builder, first: Value, last: Value, imageSize: number, cropSize: number): Value {
  const span = float64Scalar(b, imageSize - 1);
  if (cropSize === 1) return b.mul(b.mul(float64Scalar(b, 0.5), b.add(first, last)), span);
  const step = b.div(b.mul(b.sub(last, first), span), float64Scalar(b, cropSize - 1));
  return b.add(b.mul(first, span), b.mul(float64Range(b, cropSize), step));
}

function axisPlaces(b: Builder, places: Value, imageSize: number): AxisPlaces {
  const [zero, end] = [float64Scalar(b, 0), float64Scalar(b, imageSize - 1)];
  const compare = (op: string, border: Value): Value => b.binary(op, places, border, 'bool');
  const inside = and(b, compare('GreaterOrEqual', zero), compare('LessOrEqual', end));
  const kept = b.where(inside, places, zero);
  const low = b.unary('Floor', kept);
  return {
    inside,
    // Not the opposite of inside: a place that is no number is neither.
    outside: or(b, compare('Less', zero), compare('Greater', end)),
    nearest: b.cast(roundHalfUp(b, kept), 'int32'),
    low: b.cast(low, 'int32'),
    high: b.cast(b.unary('Ceil', kept), 'int32'),
    fraction: b.cast(b.sub(kept, low), 'float32'),
  };
}

const asRows = (b: Builder, x: Value): Value => b.reshape(x, [x.shape[0]!, x.shape[1]!, 1]);
const asColumns = (b: Builder, x: Value): Value => b.reshape(x, [x.shape[0]!, 1, x.shape[1]!]);
const perChannel = (b: Builder, x: Value): Value => b.reshape(x, [...x.shape, 1]);

const between = (b: Builder, low: Value, high: Value, fraction: Value): Value =>
  b.add(low, b.mul(b.sub(high, low), fraction));

export interface CropOptions {
  readonly cropSize: readonly [number, number];
  readonly method: 'bilinear' | 'nearest';
  readonly extrapolationValue: number;
}

/** Values at the places of crops: those of pixels, or fills outside. */
function reader(
  b: Builder,
  image: Value,
  boxInd: Value,
  [rows, columns]: readonly [AxisPlaces, AxisPlaces],
  extrapolationValue: number,
): (row: Value, column: Value) => Value {
  const int = (value: number): Value => b.scalar(value, 'int32');
  const images = b.reshape(boxInd, [boxInd.shape[0]!, 1, 1]);
  const beyond = b.binary('GreaterOrEqual', images, int(image.shape[0]!), 'bool');
  const exists = and(b, b.binary('GreaterOrEqual', images, int(0), 'bool'), b.unary('Not', beyond));
  const readable = and(b, exists, asRows(b, rows.inside), asColumns(b, columns.inside));
  const outside = or(b, asRows(b, rows.outside), asColumns(b, columns.outside));
  const none = pixelCount(image);
  const table = pixelTable(b, b.cast(image, 'float32'), [extrapolationValue, 0, NaN]);
  const fill = b.where(beyond, int(none + 1), b.where(outside, int(none), int(none + 2)));
  return (row, column) => {
    const pixels = pixelRows(b, image, images, asRows(b, row), asColumns(b, column));
    return b.gather(table, b.where(readable, pixels, fill), 0);
  };
}

/**
 * Crops of images, resized.
 *
 * As in TF.js, a box of an image past the last gives zeros; one of an image before the first, or at NaN, gives NaN.
 *
 * @param image `[batch, h, w, c]`
 * @param boxes `[boxes, 4]`: y1, x1, y2, x2 as fractions of the image's height and width less one
 * @param boxInd image of each box, int32 `[boxes]`
 * @returns float32 `[boxes, ...cropSize, c]`
 */
export function cropAndResize(b: Builder, image: Value, boxes: Value, boxInd: Value, options: CropOptions): Value {
  const count = boxes.shape[0]!;
  const edge = (index: number): Value => toFloat64(b, b.slice(boxes, [0, index], [count, index + 1]));
  const along = (axis: 0 | 1): AxisPlaces => {
    const imageSize = image.shape[axis + 1]!;
    return axisPlaces(b, placesOf(b, edge(axis), edge(axis + 2), imageSize, options.cropSize[axis]), imageSize);
  };
  const [rows, columns] = [along(0), along(1)];
  const read = reader(b, image, boxInd, [rows, columns], options.extrapolationValue);
  if (options.method === 'nearest') return read(rows.nearest, columns.nearest);
  const fraction = perChannel(b, asColumns(b, columns.fraction));
  const top = between(b, read(rows.low, columns.low), read(rows.low, columns.high), fraction);
  const bottom = between(b, read(rows.high, columns.low), read(rows.high, columns.high), fraction);
  return between(b, top, bottom, perChannel(b, asRows(b, rows.fraction)));
}

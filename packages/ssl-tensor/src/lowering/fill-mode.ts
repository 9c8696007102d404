import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { float64Scalar } from './float64.js';

/** What stands outside of an image: a constant, or the image reflected, wrapped or with its edge repeated. */
export type FillMode = 'constant' | 'reflect' | 'wrap' | 'nearest';

const isLess = (b: Builder, left: Value, right: Value): Value => b.binary('Less', left, right, 'bool');

/** Into `[0, size - 1]`; NaN stays. */
function clamped(b: Builder, x: Value, size: number): Value {
  const [first, last] = [float64Scalar(b, 0), float64Scalar(b, size - 1)];
  return b.where(isLess(b, x, first), first, b.where(isLess(b, last, x), last, x));
}

/** `x` inside of `[0, size - 1]`, `before` below it and `after` above it. */
function split(b: Builder, x: Value, size: number, before: Value, after: Value): Value {
  const isAfter = isLess(b, float64Scalar(b, size - 1), x);
  return b.where(isLess(b, x, float64Scalar(b, 0)), before, b.where(isAfter, after, x));
}

/** abcd continues as dcba|abcd|dcba. */
function reflected(b: Builder, x: Value, size: number): Value {
  const [one, length, period] = [float64Scalar(b, 1), float64Scalar(b, size), float64Scalar(b, 2 * size)];
  const distance = b.unary('Abs', x);
  const rest = b.sub(distance, b.mul(period, b.unary('Floor', b.div(distance, period))));
  const before = b.where(isLess(b, length, rest), b.sub(period, rest), b.sub(rest, one));
  const after = b.where(isLess(b, rest, length), rest, b.sub(b.sub(period, rest), one));
  return split(b, x, size, before, after);
}

/** abcd continues as abcd|abcd|abcd. TF.js counts the repeats by `size - 1` and moves by `size`. */
function wrapped(b: Builder, x: Value, size: number): Value {
  const length = float64Scalar(b, size);
  const repeats = b.unary('Floor', b.div(b.unary('Abs', x), float64Scalar(b, size - 1)));
  const before = b.add(x, b.mul(length, b.add(repeats, float64Scalar(b, 1))));
  const after = b.sub(x, b.mul(length, repeats));
  return split(b, x, size, before, after);
}

/** The place that a place of any value stands for, along an axis of `size` pixels; float64. */
export function placeInside(b: Builder, x: Value, size: number, mode: FillMode): Value {
  if (mode === 'reflect' && size > 1) return clamped(b, reflected(b, x, size), size);
  if (mode === 'wrap' && size > 1) return clamped(b, wrapped(b, x, size), size);
  return mode === 'constant' ? x : clamped(b, x, size);
}

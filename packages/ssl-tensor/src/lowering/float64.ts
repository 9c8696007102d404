import type { Builder } from '../graph/builder.js';
import { toFloat64 } from '../graph/float64.js';
import type { Value } from '../graph/value.js';

/**
 * A number that float32 holds. Places in an image are in float64, as TF.js computes them: rounded otherwise, a pixel at a
 * border falls on the other side of it.
 */
export function float64Scalar(b: Builder, value: number): Value {
  return toFloat64(b, b.scalar(value));
}

/** 0, 1, … `size - 1`. */
export function float64Range(b: Builder, size: number): Value {
  const numbers = Int32Array.from({ length: size }, (_, index) => index);
  return toFloat64(b, b.constant(numbers, [size], 'int32'));
}

/** The nearest whole number, halves up. */
export function roundHalfUp(b: Builder, x: Value): Value {
  const floor = b.unary('Floor', x);
  const isUpper = b.binary('GreaterOrEqual', b.sub(x, floor), float64Scalar(b, 0.5), 'bool');
  return b.add(floor, toFloat64(b, isUpper));
}

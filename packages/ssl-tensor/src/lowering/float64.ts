import type { Builder } from '../graph/builder.js';
import type { Value, ValueType } from '../graph/value.js';

/**
 * Element type of places in an image, which TF.js computes in float64: rounded otherwise, a pixel at a border falls on
 * the other side of it. Only for values between nodes; the graph has no constants, inputs or outputs of it.
 */
const float64 = 'float64' as string as ValueType;

/** `DOUBLE` of ONNX's element types. */
const onnxDouble = 11;

export function toFloat64(b: Builder, x: Value): Value {
  return b.op('Cast', [x], x.shape, float64, { to: onnxDouble });
}

/** A number that float32 holds. */
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

import type { Builder } from './builder.js';
import type { Value, ValueType } from './value.js';

/** Double precision: only for values between nodes; the graph has no constants, inputs or outputs of it. */
const float64 = 'float64' as string as ValueType;

/** `DOUBLE` of ONNX's element types. */
const onnxDouble = 11;

export function toFloat64(b: Builder, x: Value): Value {
  return x.type === float64 ? x : b.op('Cast', [x], x.shape, float64, { to: onnxDouble });
}

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/** From here on floats are multiples of 2^32, and no whole number that the runtime converts to. */
const beyond = 2 ** 63;

/**
 * A float as an integer the way JavaScript converts it: cut towards zero, modulo 2^32, 0 for NaN and the infinities. The
 * runtime's own conversion is the processor's, which saturates or gives the least integer.
 */
export function toInt32(b: Builder, x: Value): Value {
  if (x.type !== 'float32' || x.splat !== undefined) return b.cast(x, 'int32');
  const isInside = b.binary('Less', b.unary('Abs', x), b.scalar(beyond), 'bool');
  const inside = b.where(isInside, x, b.scalar(0));
  // WebGPU has no int64.
  if (b.device === 'webgpu') return b.cast(inside, 'int32');
  // Two conversions in a row, the runtime makes one of.
  const bits = b.op('BitwiseAnd', [b.cast(inside, 'int64'), b.scalar(2 ** 32 - 1, 'int64')], x.shape, 'int64');
  return b.cast(bits, 'int32');
}

import type { Builder } from '../graph/builder.js';
import type { Attribute } from '../graph/graph.js';
import type { Value } from '../graph/value.js';

/**
 * ONNX's Conv on images. ONNX Runtime 1.30's WebGPU provider gives wrong sums where the input channels are 6, 9, 15, 18 ...
 * (multiples of 3 beyond 3 that are none of 4) and the filters a multiple of 4: there, channels of zeros are added.
 *
 * @param x `[n, c, h, w]`
 * @param weights `[o, c, kh, kw]`
 */
export function convolve(
  b: Builder,
  x: Value,
  weights: Value,
  shape: readonly number[],
  attributes: Readonly<Record<string, Attribute>>,
): Value {
  const [o, c] = weights.shape as readonly [number, number];
  const isWrong = b.device === 'webgpu' && c > 3 && c % 3 === 0 && c % 4 !== 0 && o % 4 === 0;
  const whole = (value: Value): Value =>
    isWrong
      ? b.pad(value, [
          [0, 0],
          [0, 4 - (c % 4)],
          [0, 0],
          [0, 0],
        ])
      : value;
  return b.op('Conv', [whole(x), whole(weights)], shape, 'float32', attributes);
}

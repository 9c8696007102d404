import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import { numericGradient } from '../../../../test/support/numeric-gradient.js';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream } from '@selfsup/ssl-core';

beforeEach(() => tf.setBackend('cpu'));

interface Geometry {
  readonly input: readonly [number, number, number];
  readonly output: readonly [number, number, number];
  readonly filter: readonly [number, number, number];
  readonly stride: number;
  readonly pad: 'same' | 'valid';
}

const geometries: readonly Geometry[] = [
  { input: [2, 1, 2], output: [4, 2, 4], filter: [2, 3, 2], stride: 2, pad: 'same' },
  { input: [2, 2, 1], output: [3, 4, 2], filter: [2, 3, 2], stride: 1, pad: 'valid' },
  { input: [1, 2, 2], output: [2, 4, 4], filter: [2, 2, 2], stride: 2, pad: 'valid' },
];
const [inputs, outputs] = [2, 3];
const count = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Sum of the transposed convolution times `weights`: every input element adds its filter, shifted. */
function weighted(
  { input, output, filter, stride, pad }: Geometry,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  weights: ArrayLike<number>,
): number {
  const before = input.map((length, axis) =>
    pad === 'valid' ? 0 : Math.floor(Math.max(0, (length - 1) * stride + filter[axis]! - output[axis]!) / 2),
  );
  let sum = 0;
  for (let place = 0; place < count(input); place++) {
    const from = [Math.floor(place / (input[1] * input[2])), Math.floor(place / input[2]) % input[1], place % input[2]];
    for (let tap = 0; tap < count(filter); tap++) {
      const by = [Math.floor(tap / (filter[1] * filter[2])), Math.floor(tap / filter[2]) % filter[1], tap % filter[2]];
      const to = from.map((position, axis) => position * stride + by[axis]! - before[axis]!);
      if (to.some((position, axis) => position < 0 || position >= output[axis]!)) continue;
      const target = (to[0]! * output[1] + to[1]!) * output[2] + to[2]!;
      for (let i = 0; i < inputs; i++)
        for (let o = 0; o < outputs; o++)
          sum += x[place * inputs + i]! * w[(tap * outputs + o) * inputs + i]! * weights[target * outputs + o]!;
    }
  }
  return sum;
}

it.each(geometries)(
  'is that of the definition, input $input, filter $filter, stride $stride, $pad',
  async (geometry) => {
    const { input, output, filter, stride, pad } = geometry;
    const stream = new RandomStream(randomKey(9));
    const draw = (size: number): number[] => Array.from({ length: size }, () => Math.fround(stream.normal()));
    const [x, w, weights] = [
      draw(count(input) * inputs),
      draw(count(filter) * inputs * outputs),
      draw(count(output) * outputs),
    ];
    const shapes = { x: [1, ...input, inputs], w: [...filter, outputs, inputs], y: [1, ...output, outputs] } as const;
    const objective = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.sum(
        tf.mul(
          tf.conv3dTranspose(
            a as tf.Tensor5D,
            b as tf.Tensor5D,
            shapes.y as [number, number, number, number, number],
            stride,
            pad,
          ),
          tf.tensor(weights, [...shapes.y]),
        ),
      );
    const both = (a: tf.Tensor, b: tf.Tensor): tf.Tensor[] => [objective(a, b), ...tf.grads(objective)([a, b])];
    const operands = [tf.tensor(x, [...shapes.x]), tf.tensor(w, [...shapes.w])] as const;
    const expected = [
      weighted(geometry, x, w, weights),
      numericGradient((moved) => weighted(geometry, moved, w, weights), x),
      numericGradient((moved) => weighted(geometry, x, moved, weights), w),
    ] as const;
    for (const [value, onX, onW] of [both(...operands), await compile(both)(...operands)]) {
      expect(value!).toBeAllClose(expected[0], { rtol: 1e-4, atol: 1e-4 });
      expect(tf.reshape(onX!, [-1])).toBeAllClose(expected[1], { rtol: 1e-4, atol: 1e-4 });
      expect(tf.reshape(onW!, [-1])).toBeAllClose(expected[2], { rtol: 1e-4, atol: 1e-4 });
    }
  },
);

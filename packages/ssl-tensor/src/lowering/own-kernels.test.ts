import * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  describeConformance,
  exactly,
  floats,
  ints,
} from '../../../../test/support/lowering-conformance.js';
import { gelu } from '../ops/gelu.js';
import { layerNorm } from '../ops/layer-norm.js';
import { foldInKey, randomBits, randomUniform } from '../ops/random-uniform.js';
import { sparseSoftmaxCrossEntropy } from '../ops/sparse-softmax-cross-entropy.js';
import { ownKernelRules } from './own-kernels.js';

const key = (high: number, low: number): ReturnType<typeof exactly> => exactly([high | 0, low | 0], [2], 'int32');
/** TF.js's erf is off by 1.5e-7. */
const erf = { atol: 1e-6 } as const;

describeConformance('own kernels', ownKernelRules, [
  agrees('gelu in blocks', [floats([9, 130, 513], -4, 4)], (x: tf.Tensor) => gelu(x), erf),
  ...[[], [5], [2, 3, 4]].flatMap((shape) => [
    agrees('gelu', [floats(shape, -4, 4)], (x: tf.Tensor) => gelu(x), erf),
    agreesInValue(
      'gelu twice differentiated',
      [floats(shape, -4, 4)],
      (x: tf.Tensor) => tf.grad((y) => tf.sum(tf.grad((z: tf.Tensor) => tf.sum(tf.mul(gelu(z), z)))(y)))(x),
      erf,
    ),
    agrees('gelu by tanh', [floats(shape, -4, 4)], (x: tf.Tensor) => gelu(x, { approximate: 'tanh' })),
  ]),
  ...[[4], [3, 5], [2, 3, 8], [2, 2, 1]].map((shape) =>
    agrees(
      'layerNorm',
      [floats(shape), floats([shape.at(-1)!]), floats([shape.at(-1)!])],
      (x: tf.Tensor, scale, bias) => layerNorm(x, scale, bias, 1e-5),
      { atol: 2e-6 },
    ),
  ),
  ...[[], [1], [2], [7], [3, 4], [0]].map((shape) =>
    agreesInValue(
      `randomUniform [${shape.join(', ')}]`,
      [key(0x13198a2e, 0x93707344)],
      (k) => randomUniform(k, shape),
      { rtol: 0, atol: 0 },
    ),
  ),
  ...[[], [5], [2, 3], [0]].map((shape) =>
    agreesInValue(`randomBits [${shape.join(', ')}]`, [key(5, 6)], (k) => randomBits(k, shape), { rtol: 0, atol: 0 }),
  ),
  ...[0, 1, 4294967295, 4294967296 * 5 + 7].map((data) =>
    agreesInValue(`foldInKey ${data}`, [key(0xdeadbeef, 7)], (k) => foldInKey(k, data), { rtol: 0, atol: 0 }),
  ),
  agrees('sparseSoftmaxCrossEntropy', [floats([5, 4], -3, 3), ints([5], 0, 4)], sparseSoftmaxCrossEntropy),
  agrees('sparseSoftmaxCrossEntropy of one row', [floats([1, 3]), ints([1], 0, 3)], sparseSoftmaxCrossEntropy),
  agrees(
    'sparseSoftmaxCrossEntropy of labels that are no class',
    [floats([6, 4], -3, 3), exactly([-1, 0, 4, 1000, 3, -(2 ** 31)], [6], 'int32')],
    sparseSoftmaxCrossEntropy,
  ),
  agrees(
    'sparseSoftmaxCrossEntropy of extremes',
    [exactly([1000, -1000, 0, 0, 1e30, -1e30], [2, 3]), exactly([1, 1], [2], 'int32')],
    sparseSoftmaxCrossEntropy,
  ),
]);

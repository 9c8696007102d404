import type * as tf from '@tensorflow/tfjs-core';
import {
  agrees,
  agreesInValue,
  describeConformance,
  exactly,
  floats,
  specialFloats,
} from '../../../../test/support/lowering-conformance.js';
import { matMulFloat16 } from '../ops/mat-mul-float16.js';
import { roundToFloat16 } from '../ops/round-to-float16.js';
import { float16Rules } from './float16.js';

const exact = { rtol: 0, atol: 0 } as const;
/** Sums in another order may round to the float16 beside. */
const oneStep = { rtol: 2 ** -10, atol: 1e-3 } as const;

describeConformance('float16', float16Rules, [
  ...[[], [7], [2, 3, 4], [0]].map((shape) =>
    agrees('roundToFloat16', [floats(shape)], (x: tf.Tensor) => roundToFloat16(x), exact),
  ),
  agreesInValue('roundToFloat16 of subnormals', [floats([400], -1e-4, 1e-4)], (x) => roundToFloat16(x), exact),
  agreesInValue('roundToFloat16 of large numbers', [floats([400], -7e4, 7e4)], (x) => roundToFloat16(x), exact),
  agreesInValue('roundToFloat16 of special numbers', [exactly(specialFloats)], (x) => roundToFloat16(x), exact),
  ...[
    [[3, 4], [4, 5], false, false],
    [[4, 3], [4, 5], true, false],
    [[3, 4], [5, 4], false, true],
    [[2, 4, 3], [2, 5, 4], true, true],
    [[2, 3, 1, 4], [2, 3, 4, 1], false, false],
    [[3, 0], [0, 2], false, false],
  ].map(([a, b, transposeA, transposeB]) =>
    agrees(
      `matMulFloat16 ${String(transposeA)} ${String(transposeB)}`,
      [floats(a as number[]), floats(b as number[])],
      (x: tf.Tensor, y: tf.Tensor) => matMulFloat16(x, y, transposeA as boolean, transposeB as boolean),
      oneStep,
    ),
  ),
]);

import * as tf from '@tensorflow/tfjs-core';
import { isTracing } from '../compile/active-trace.js';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-core';
import { roundToFloat16 } from './round-to-float16.js';
import { runOwnKernel } from './run-own-kernel.js';

function forward(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  if (isTracing()) return runOwnKernel('SslMatMulFloat16', { a, b }, { transposeA, transposeB });
  return roundToFloat16(tf.matMul(roundToFloat16(a), roundToFloat16(b), transposeA, transposeB));
}

/**
 * Matrix product in half precision: both operands and the result are rounded to float16, the sums are float32. Inside
 * compile() it is a product of float16 matrices, which devices with such units compute faster; ONNX Runtime's CPU has
 * none and computes it in float32. The gradients are such products as well: scale the loss where they could fall below
 * 6e-8.
 *
 * @param a `[..., m, k]`, float32; `[..., k, m]` with `transposeA`
 * @param b `[..., k, n]`, float32, with the leading axes of `a`; `[..., n, k]` with `transposeB`
 * @returns `[..., m, n]`
 * @throws ShapeError when the shapes do not match
 * Source: Micikevicius et al. 2018, 'Mixed precision training', arXiv 1710.03740.
 */
export function matMulFloat16<T extends tf.Tensor>(a: T, b: T, transposeA = false, transposeB = false): T {
  checkIsTensor('matMulFloat16', 'a', a);
  checkIsTensor('matMulFloat16', 'b', b);
  const rank = a.rank;
  const inner = a.shape.at(transposeA ? -2 : -1);
  const fits =
    rank >= 2 &&
    b.rank === rank &&
    b.shape.at(transposeB ? -1 : -2) === inner &&
    a.shape.slice(0, -2).every((length, axis) => length === b.shape[axis]);
  if (!fits)
    throw new ShapeError(
      'matMulFloat16',
      'b',
      `the leading axes of [${a.shape.join(', ')}] and an inner axis of ${inner}`,
      `[${b.shape.join(', ')}]`,
    );
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [left, right, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([left, right]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      return [
        transposeA ? matMulFloat16(y, dy, transposeB, true) : matMulFloat16(dy, y, false, !transposeB),
        transposeB ? matMulFloat16(dy, x, true, transposeA) : matMulFloat16(x, dy, !transposeA, false),
      ];
    };
    return { value: forward(left, right, transposeA, transposeB), gradFunc };
  });
  return op(a, b) as T;
}

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors/shape-error.js';
import { blockwise, channelSums } from './blockwise.js';
import { stopGradient } from './stop-gradient.js';

/** Statistics of a batch per channel, `[channels]` each. */
export interface BatchMoments {
  readonly mean: tf.Tensor1D;
  /** Biased: the mean squared deviation. */
  readonly variance: tf.Tensor1D;
}

const leadingAxes = (rank: number): number[] => Array.from({ length: rank - 1 }, (_, axis) => axis);

/**
 * Mean and biased variance over all axes but the last. No gradient flows through them: {@link batchNorm}'s gradient
 * accounts for their dependence on `x`.
 *
 * @param x `[..., channels]`, float32
 */
export function batchMoments(x: tf.Tensor): BatchMoments {
  const source = stopGradient(x);
  const axes = leadingAxes(x.rank);
  const mean = tf.mean(source, axes) as tf.Tensor1D;
  const [squares] = channelSums([source, mean], (value, centre) => [tf.square(tf.sub(value!, centre!))]);
  return { mean, variance: tf.div(squares, x.size / mean.size) };
}

/**
 * Batch normalisation with the batch's own statistics: `(x - mean) / sqrt(variance + epsilon) * scale + bias`. The
 * gradient is the closed form, which treats the statistics as functions of `x`.
 *
 * @param x `[..., channels]`, float32
 * @param moments of the same `x`, from {@link batchMoments}
 * @param scale `[channels]`
 * @param bias `[channels]`
 * @returns same shape as `x`
 * @throws ShapeError when `scale` or `bias` is not `[channels]`
 * Source: Ioffe and Szegedy 2015, arXiv 1502.03167; defined as `torch.nn.functional.batch_norm` in training.
 */
export function batchNorm<T extends tf.Tensor>(
  x: T,
  { mean, variance }: BatchMoments,
  scale: tf.Tensor,
  bias: tf.Tensor,
  epsilon = 1e-5,
): T {
  const channels = x.shape.at(-1)!;
  for (const [name, tensor] of [
    ['scale', scale],
    ['bias', bias],
  ] as const) {
    if (tensor.rank !== 1 || tensor.shape[0] !== channels)
      throw new ShapeError('batchNorm', name, `[${channels}]`, `[${tensor.shape.join(', ')}]`);
  }
  const count = x.size / channels;
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, gain, offset, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const rstd = tf.rsqrt(tf.add(variance, epsilon));
    const factor = tf.mul(gain, rstd);
    save([input, mean, rstd, factor]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [source, centre, inverse, slope] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [biasGradient, onCentred] = channelSums([dy, source, centre], (g, value, middle) => [
        g!,
        tf.mul(g!, tf.sub(value!, middle!)),
      ]);
      const along = tf.mul(onCentred, inverse);
      // dx = slope * (dy - mean(dy) - xhat * mean(dy * xhat)), as one affine form of dy and the deviation.
      const onDeviation = tf.mul(tf.mul(tf.mul(slope, inverse), along), -1 / count);
      const constant = tf.mul(tf.mul(slope, biasGradient), -1 / count);
      const operands = [dy, source, centre, slope, onDeviation, constant];
      const [dx] = blockwise(operands, (...[g, value, middle, a, b, c]) => [
        tf.add(tf.add(tf.mul(g!, a!), tf.mul(tf.sub(value!, middle!), b!)), c!),
      ]);
      return [dx, along, biasGradient];
    };
    const [value] = blockwise([input, mean, factor, offset], (...[source, centre, a, b]) => [
      tf.add(tf.mul(tf.sub(source!, centre!), a!), b!),
    ]);
    return { value, gradFunc };
  });
  return op(x, scale, bias) as T;
}

import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { blockwise, channelSums } from './blockwise.js';
import { affine, type ChannelActivation, checkChannels, throughActivation } from './channel-affine.js';
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
  checkIsTensor('batchMoments', 'x', x);
  const source = stopGradient(x);
  const axes = leadingAxes(x.rank);
  const mean = tf.mean(source, axes) as tf.Tensor1D;
  const [squares] = channelSums([source, mean], (value, centre) => [tf.square(tf.sub(value!, centre!))]);
  return { mean, variance: tf.div(squares, x.size / mean.size) };
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Applied to the result in the same pass. */
  readonly activation?: ChannelActivation;
}

/** Names of {@link BatchNormOptions}. */
export const batchNormOptionNames: OptionNames<BatchNormOptions> = {
  epsilon: 'optionalNumber',
  activation: 'optional',
};

/**
 * Batch normalisation with the batch's own statistics: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, computed
 * as one affine map per channel. The gradient is the closed form, which treats the statistics as functions of `x`.
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
  options: BatchNormOptions = {},
): T {
  const { epsilon = 1e-5, activation } = checkOptions('batchNorm', options, batchNormOptionNames);
  checkChannels('batchNorm', x, { scale, bias });
  const count = x.size / x.shape.at(-1)!;
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, gain, offset, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const rstd = tf.rsqrt(tf.add(variance, epsilon));
    const factor = tf.mul(gain, rstd);
    const value = affine(input, factor, tf.sub(offset, tf.mul(mean, factor)), activation);
    save(activation === undefined ? [input, mean, rstd, factor] : [input, mean, rstd, factor, value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [source, centre, inverse, slope, output] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const arriving = activation === undefined ? dy : throughActivation(dy, output);
      const [biasGradient, onCentred] = channelSums([arriving, source, centre], (g, value, middle) => [
        g!,
        tf.mul(g!, tf.sub(value!, middle!)),
      ]);
      const along = tf.mul(onCentred, inverse);
      // dx = slope * (dy - mean(dy) - xhat * mean(dy * xhat)), as one affine form of dy and x.
      const onSource = tf.mul(tf.mul(tf.mul(slope, inverse), along), -1 / count);
      const constant = tf.sub(tf.mul(tf.mul(slope, biasGradient), -1 / count), tf.mul(onSource, centre));
      const [dx] = blockwise([arriving, source, slope, onSource, constant], (...[g, value, a, b, c]) => [
        tf.add(tf.add(tf.mul(g!, a!), tf.mul(value!, b!)), c!),
      ]);
      return [dx, along, biasGradient];
    };
    return { value, gradFunc };
  });
  return op(x, scale, bias) as T;
}

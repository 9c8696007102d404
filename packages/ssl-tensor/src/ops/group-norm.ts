import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { channelAffine, checkChannels } from './channel-affine.js';
import { layerNorm } from './layer-norm.js';

/** Options of {@link groupNorm}. */
export interface GroupNormOptions {
  /** Groups of neighbouring channels; divides their number. 1 is one group of all, as many as channels is instance normalisation. */
  readonly groups: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
}

const groupNormOptionNames: OptionNames<GroupNormOptions> = {
  groups: 'requiredNumber',
  epsilon: 'optionalNumber',
};

/**
 * Group normalisation: each sample's groups of channels have mean 0 and variance 1 over all positions, then
 * `* scale + bias` per channel. The gradient is layer normalisation's closed form.
 *
 * @param x `[batch, ..., channels]`, float32
 * @param scale `[channels]`
 * @param bias `[channels]`
 * @returns same shape as `x`
 * @throws InvalidOptionError when `groups` does not divide the channels; ShapeError when a vector is not `[channels]`
 * Source: Wu and He 2018, arXiv 1803.08494; defined as `torch.nn.functional.group_norm`.
 */
export function groupNorm<T extends tf.Tensor>(x: T, scale: tf.Tensor, bias: tf.Tensor, options: GroupNormOptions): T {
  const { groups, epsilon = 1e-5 } = checkOptions('groupNorm', options, groupNormOptionNames);
  checkChannels('groupNorm', x, { scale, bias });
  const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0)
    throw new InvalidOptionError('groupNorm', 'groups', `a divisor of the ${channels} channels`, groups);
  const [pixels, width] = [x.size / (batch * channels), channels / groups];
  const apart = tf.transpose(tf.reshape(x, [batch, pixels, groups, width]), [0, 2, 1, 3]);
  const rows = tf.reshape(apart, [batch * groups, pixels * width]);
  const normal = layerNorm(rows, tf.ones([pixels * width]), tf.zeros([pixels * width]), epsilon);
  const together = tf.transpose(tf.reshape(normal, [batch, groups, pixels, width]), [0, 2, 1, 3]);
  return channelAffine(tf.reshape(together, x.shape), scale, bias) as T;
}

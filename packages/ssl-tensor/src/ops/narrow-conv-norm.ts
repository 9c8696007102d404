import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-core';
import { type BatchMoments, batchNormOptionNames, type BatchNormOptions } from './batch-norm.js';
import { throughActivation } from './channel-affine.js';
import { stopGradient } from './stop-gradient.js';

/** Options of {@link narrowConvNorm}. */
export interface NarrowConvNormOptions extends BatchNormOptions {
  /** Along height and width. Default 1. */
  readonly strides?: readonly [number, number];
  /** As of `tf.conv2d`. Default `valid`. */
  readonly pad?: 'same' | 'valid' | tf.backend_util.ExplicitPadding;
}

const narrowConvNormOptionNames: OptionNames<NarrowConvNormOptions> = {
  ...batchNormOptionNames,
  strides: 'optional',
  pad: 'optional',
};

/**
 * A convolution and the batch normalisation of its result, for filters of few elements: as a first layer has them.
 *
 * The result's mean and variance follow from the mean `m` and the covariance `C` of what lies under the filter, `w.m` and
 * `w.C.w`, so that normalisation and activation come with the convolution's one product, and the gradient takes one pass
 * over the result instead of four. Costs `filterHeight * filterWidth * channels` values per position, where the result
 * has `outChannels`. The variance is exact to the rounding of `w.C.w`'s terms: coarser than {@link batchMoments} where
 * they cancel, as for the differences of pixels that are nearly equal.
 *
 * @param x `[batch, height, width, channels]`, float32
 * @param filter `[filterHeight, filterWidth, channels, outChannels]`
 * @param scale `[outChannels]`
 * @param bias `[outChannels]`
 * @returns the value `[batch, height', width', outChannels]`, and the moments of the convolution, through which no
 * gradient flows
 * @throws ShapeError when the filter is for other channels, or `scale` or `bias` is not `[outChannels]`
 * Source: Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 1; the moments of linear combinations.
 */
export function narrowConvNorm(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  scale: tf.Tensor,
  bias: tf.Tensor,
  options: NarrowConvNormOptions = {},
): { readonly value: tf.Tensor4D; readonly moments: BatchMoments } {
  checkIsTensor('narrowConvNorm', 'x', x);
  checkIsTensor('narrowConvNorm', 'filter', filter);
  checkIsTensor('narrowConvNorm', 'scale', scale);
  checkIsTensor('narrowConvNorm', 'bias', bias);
  const {
    strides = [1, 1],
    pad = 'valid',
    epsilon = 1e-5,
    activation,
  } = checkOptions('narrowConvNorm', options, narrowConvNormOptionNames);
  if (x.shape[3] !== filter.shape[2])
    throw new ShapeError('narrowConvNorm', 'filter', `[.., .., ${x.shape[3]}, ..]`, `[${filter.shape.join(', ')}]`);
  const info = tf.backend_util.computeConv2DInfo(x.shape, filter.shape, [...strides], 1, pad);
  const { outHeight, outWidth, batchSize, outChannels } = info;
  for (const [name, tensor] of Object.entries({ scale, bias })) {
    if (tensor.rank !== 1 || tensor.shape[0] !== outChannels)
      throw new ShapeError('narrowConvNorm', name, `[${outChannels}]`, `[${tensor.shape.join(', ')}]`);
  }
  const fanIn = info.filterHeight * info.filterWidth * info.inChannels;
  const positions = batchSize * outHeight * outWidth;
  // The last row is of ones, so that the offset comes with the product; its mean and covariances stay unused.
  const patches = patchRows(x, info);
  const means = tf.mean(patches, 1, true) as tf.Tensor2D;
  const deviations = tf.sub(patches, means) as tf.Tensor2D;
  const products = tf.matMul(deviations, deviations, false, true);
  const covariance = tf.div(tf.slice(products, [0, 0], [fanIn, fanIn]), positions) as tf.Tensor2D;
  const weights = tf.reshape(filter, [fanIn, outChannels]) as tf.Tensor2D;
  const mean = tf.reshape(tf.matMul(tf.slice(means, [0, 0], [fanIn, 1]), weights, true, false), [
    outChannels,
  ]) as tf.Tensor1D;
  // Terms that cancel may leave less than nothing.
  const variance = tf.relu(tf.sum(tf.mul(weights, tf.matMul(covariance, weights)), 0)) as tf.Tensor1D;
  const factor = tf.mul(scale, tf.rsqrt(tf.add(variance, epsilon)));
  const offset = tf.reshape(tf.sub(bias, tf.mul(mean, factor)), [1, outChannels]) as tf.Tensor2D;
  const line = tf.matMul(patches, tf.concat([tf.mul(weights, factor) as tf.Tensor2D, offset], 0), true, false);
  const value = activation === 'relu' ? reluByOutput(line) : line;
  return {
    value: tf.reshape(value, [batchSize, outHeight, outWidth, outChannels]) as tf.Tensor4D,
    moments: { mean: stopGradient(mean), variance: stopGradient(variance) },
  };
}

/** A ReLU whose gradient looks at its output, so that its input need not be kept. */
const reluByOutput = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
  const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
  const value = tf.relu(x);
  save([value]);
  return { value, gradFunc: (dy: tf.Tensor, [output]: tf.Tensor[]) => throughActivation(dy, output!) };
});

/** What lies under the filter, in the order of its elements, and 1: `[fanIn + 1, positions]`. */
function patchRows(x: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor2D {
  const { padInfo, outHeight, outWidth, strideHeight, strideWidth, batchSize, inChannels } = info;
  const positions = batchSize * outHeight * outWidth;
  const planes = batchSize * inChannels;
  // From every tap on, whole strides.
  const [height, width] = [outHeight * strideHeight, outWidth * strideWidth];
  const missing = (size: number, before: number, filter: number, covered: number): number =>
    Math.max(0, filter - 1 + covered - size - before);
  const padded = tf.pad(tf.reshape(tf.transpose(x, [3, 0, 1, 2]), [planes, info.inHeight, info.inWidth]), [
    [0, 0],
    [padInfo.top, missing(info.inHeight, padInfo.top, info.filterHeight, height)],
    [padInfo.left, missing(info.inWidth, padInfo.left, info.filterWidth, width)],
  ]) as tf.Tensor3D;
  const rows: tf.Tensor2D[] = [];
  for (let i = 0; i < info.filterHeight; i++) {
    for (let j = 0; j < info.filterWidth; j++) {
      const covered = tf.slice(padded, [0, i, j], [planes, height, width]);
      // TF.js has no gradient of a slice with strides.
      const strided = tf.reshape(covered, [planes, outHeight, strideHeight, outWidth, strideWidth]);
      const tap =
        strideHeight * strideWidth === 1
          ? covered
          : tf.slice(strided, [0, 0, 0, 0, 0], [planes, outHeight, 1, outWidth, 1]);
      rows.push(tf.reshape(tap, [inChannels, positions]) as tf.Tensor2D);
    }
  }
  return tf.concat([...rows, tf.ones<tf.Rank.R2>([1, positions])], 0);
}

import * as tf from '@tensorflow/tfjs-core';
import { isTracing } from '../compile/active-trace.js';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-core';
import { runOwnKernel } from './run-own-kernel.js';

/** `[y, mean, rstd]`; the statistics keep the last axis with size 1. */
function forward(x: tf.Tensor, scale: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor[] {
  if (isTracing()) return runOwnKernel('SslLayerNorm', { x, scale, bias }, { epsilon });
  const mean = tf.mean(x, -1, true);
  const centred = tf.sub(x, mean);
  const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return [tf.add(tf.mul(tf.mul(centred, rstd), scale), bias), mean, rstd];
}

/**
 * Layer normalisation over the last axis: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, with the biased variance.
 * The gradient is the closed form, from the saved mean and reciprocal deviation.
 *
 * @param x `[..., dim]`, float32
 * @param scale `[dim]`
 * @param bias `[dim]`
 * @param epsilon added to the variance; 1e-5 in PyTorch, 1e-6 in ViT, 1e-12 in BERT
 * @returns same shape as `x`
 * @throws ShapeError when `scale` or `bias` is not `[dim]`
 * Source: Ba et al. 2016, arXiv 1607.06450; defined as `torch.nn.functional.layer_norm`.
 */
export function layerNorm<T extends tf.Tensor>(x: T, scale: tf.Tensor, bias: tf.Tensor, epsilon = 1e-5): T {
  checkIsTensor('layerNorm', 'x', x);
  checkIsTensor('layerNorm', 'scale', scale);
  checkIsTensor('layerNorm', 'bias', bias);
  const dim = x.shape.at(-1);
  for (const [name, tensor] of [
    ['scale', scale],
    ['bias', bias],
  ] as const) {
    if (tensor.rank !== 1 || tensor.shape[0] !== dim)
      throw new ShapeError('layerNorm', name, `[${dim}]`, `[${tensor.shape.join(', ')}]`);
  }
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, gain, offset, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [y, mean, rstd] = forward(input, gain, offset, epsilon) as [tf.Tensor, tf.Tensor, tf.Tensor];
    save([input, gain, mean, rstd]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [source, weight, centre, inverse] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const leading = Array.from({ length: dy.rank - 1 }, (_, axis) => axis);
      const normal = tf.mul(tf.sub(source, centre), inverse);
      const weighted = tf.mul(dy, weight);
      const along = tf.mean(tf.mul(weighted, normal), -1, true);
      const dx = tf.mul(tf.sub(tf.sub(weighted, tf.mean(weighted, -1, true)), tf.mul(normal, along)), inverse);
      return [dx, tf.sum(tf.mul(dy, normal), leading), tf.sum(dy, leading)];
    };
    return { value: y, gradFunc };
  });
  return op(x, scale, bias) as T;
}

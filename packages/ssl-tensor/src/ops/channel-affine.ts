import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-core';
import { blockwise, channelSums } from './blockwise.js';

/** What can be applied to an affine map's result in the same pass over memory. */
export type ChannelActivation = 'relu';

/** The map itself, without a gradient. */
export function affine(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, activation?: ChannelActivation): tf.Tensor {
  const [value] = blockwise([x, scale, offset], (...[source, factor, shift]) => {
    const line = tf.add(tf.mul(source!, factor!), shift!);
    return [activation === 'relu' ? tf.relu(line) : line];
  });
  return value;
}

/** Gradient before the activation, from the one after it and its output. */
export function throughActivation(dy: tf.Tensor, output: tf.Tensor): tf.Tensor {
  const [dx] = blockwise([dy, output], (g, value) => [tf.mul(g!, tf.step(value!))]);
  return dx;
}

/** @throws ShapeError when a vector is not `[channels]` */
export function checkChannels(where: string, x: tf.Tensor, vectors: Readonly<Record<string, tf.Tensor>>): void {
  checkIsTensor(where, 'x', x);
  const channels = x.shape.at(-1)!;
  for (const [name, tensor] of Object.entries(vectors)) {
    checkIsTensor(where, name, tensor);
    if (tensor.rank !== 1 || tensor.shape[0] !== channels)
      throw new ShapeError(where, name, `[${channels}]`, `[${tensor.shape.join(', ')}]`);
  }
}

/**
 * `x * scale + offset` along the last axis, with an activation, in one pass over memory: batch normalisation by known
 * statistics, or the normalisation of pixels.
 *
 * @param x `[..., channels]`, float32
 * @param scale `[channels]`
 * @param offset `[channels]`
 * @returns same shape as `x`
 * @throws ShapeError when `scale` or `offset` is not `[channels]`
 */
export function channelAffine<T extends tf.Tensor>(
  x: T,
  scale: tf.Tensor,
  offset: tf.Tensor,
  activation?: ChannelActivation,
): T {
  checkChannels('channelAffine', x, { scale, offset });
  const op = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, factor, shift, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const value = affine(input, factor, shift, activation);
    save(activation === undefined ? [input, factor] : [input, factor, value]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [source, slope, output] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const arriving = activation === undefined ? dy : throughActivation(dy, output);
      const [dx] = blockwise([arriving, slope], (g, a) => [tf.mul(g!, a!)]);
      const [offsetGradient, scaleGradient] = channelSums([arriving, source], (g, value) => [g!, tf.mul(g!, value!)]);
      return [dx, scaleGradient, offsetGradient];
    };
    return { value, gradFunc };
  });
  return op(x, scale, offset) as T;
}

import * as tf from '@tensorflow/tfjs-core';
import { drawKey } from '@selfsup/ssl-nn';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { randomPermutation, ShapeError } from '@selfsup/ssl-tensor';

/** A pass over a part of the images. */
type Pass = (part: tf.Tensor4D, at: number) => tf.Tensor2D;

/**
 * Passes over equal parts of a batch, one after the other: batch statistics are those of a part.
 *
 * @param images `[batch, height, width, channels]`
 * @returns `[batch, dim]`, in the order of the images
 * @throws ShapeError where `parts` does not divide the batch
 */
export function inParts(images: tf.Tensor4D, parts: number, pass: Pass): tf.Tensor2D {
  if (parts === 1) return pass(images, 0);
  const [batch] = images.shape;
  if (batch % parts !== 0) {
    const advice = `Take batchSize: ${Math.max(1, Math.floor(batch / parts)) * parts}, or shuffleParts: 1`;
    throw new ShapeError('Moco', 'views', `of a multiple of shuffleParts ${parts} images`, `${batch}`, advice);
  }
  const rows = batch / parts;
  return tf.concat(
    Array.from({ length: parts }, (_, at) => pass(tf.slice(images, [at * rows, 0, 0, 0], [rows, -1, -1, -1]), at)),
  );
}

/**
 * The same over parts of a random shuffle, put back into the images' order. Not for gradients.
 *
 * @throws InvalidOptionError where `ctx` has no key and there is more than one part
 */
export function shuffledInParts(images: tf.Tensor4D, parts: number, ctx: ForwardContext, pass: Pass): tf.Tensor2D {
  if (parts === 1) return pass(images, 0);
  const [batch] = images.shape;
  const order = randomPermutation(drawKey(ctx, 'Moco.loss'), batch);
  const back = tf.topk(tf.neg(tf.cast(order, 'float32')), batch).indices as tf.Tensor1D;
  return tf.gather(inParts(tf.gather(images, order), parts, pass), back);
}

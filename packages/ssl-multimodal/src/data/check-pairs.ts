import { ShapeError } from '@selfsup/ssl-core';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * @param where the method, as its user writes it
 * @throws ShapeError unless there are two pairs or more, whose pictures and texts are as many
 */
export function checkPairs(where: string, images: tf.Tensor, inputIds: tf.Tensor): void {
  const [batch = 0] = images.shape;
  const [texts = 0] = inputIds.shape;
  if (batch !== texts)
    throw new ShapeError(where, 'inputIds', `a text for each of the ${batch} pictures`, `${texts} texts`);
  if (batch < 2) throw new ShapeError(where, 'images', '2 pairs or more: the negatives are other pairs', `${batch}`);
}

import * as tf from '@tensorflow/tfjs-core';
import { checkCount, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from './check.js';

/** Views of the same images in one matrix, view after view. */
export interface StackedViews {
  /** `[views * batch, dim]` */
  readonly features: tf.Tensor2D;
  readonly views: number;
  readonly batch: number;
}

/**
 * One matrix from the views, or from the matrix and its number of views.
 *
 * @param requested number of views where `z` is one tensor; left out or equal where it is a list
 * @param least fewest views that make sense
 * @throws ShapeError when the shapes do not match; InvalidOptionError for another number of views
 */
export function stackViews(
  where: string,
  z: tf.Tensor2D | readonly tf.Tensor2D[],
  requested: number | undefined,
  least = 2,
): StackedViews {
  if (!(z instanceof tf.Tensor)) {
    if (!Array.isArray(z)) {
      const advice = 'A host array becomes a tensor by tf.tensor2d(data, shape)';
      throw new InvalidOptionError(where, 'z', 'a tensor [views * batch, dim], or an array of views', z, advice);
    }
    const [first] = z as readonly tf.Tensor2D[];
    if (first === undefined || z.length < least)
      throw new ShapeError(where, 'z', least === 1 ? 'one or more views' : 'two or more views', `${z.length}`);
    if (requested !== undefined && requested !== z.length)
      throw new InvalidOptionError(where, 'views', `left out or ${z.length}, the number of tensors in z`, requested);
    checkTensor(where, 'z[0]', first, ['batch', 'dim']);
    (z as readonly tf.Tensor2D[]).forEach((view, index) => checkTensor(where, `z[${index}]`, view, first.shape));
    if (first.shape[0] === 0) throw new ShapeError(where, 'z[0]', 'one or more rows', `[${first.shape.join(', ')}]`);
    return { features: tf.concat([...(z as readonly tf.Tensor2D[])], 0), views: z.length, batch: first.shape[0] };
  }
  const views = requested ?? 2;
  checkCount(where, { views }, least);
  checkTensor(where, 'z', z, ['views * batch', 'dim']);
  if (z.shape[0] === 0 || z.shape[0] % views !== 0)
    throw new ShapeError(where, 'z', `[${views} * batch, dim]`, `[${z.shape.join(', ')}]`);
  return { features: z, views, batch: z.shape[0] / views };
}

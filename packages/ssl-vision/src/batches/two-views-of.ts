import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { viewsOf } from './views-of.js';

/**
 * The two views of a batch, for methods that compare each with the other.
 *
 * @throws ShapeError unless there are two, of one shape; InvalidOptionError for a batch without views
 */
export function twoViewsOf(where: string, batch: { readonly views: unknown }): [tf.Tensor, tf.Tensor] {
  const views = viewsOf(where, batch);
  const shapes = views.map(({ shape }) => `[${shape.join(', ')}]`);
  if (shapes.length !== 2 || shapes[0] !== shapes[1])
    throw new ShapeError(where, 'views', 'two arrays of one shape', shapes.join(' and ') || 'none');
  return views as [tf.Tensor, tf.Tensor];
}

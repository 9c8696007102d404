import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { viewsOf } from './views-of.js';

/**
 * The views of a batch, for methods that compare all of them.
 *
 * @throws ShapeError unless there are two or more, of one shape; InvalidOptionError for a batch without views
 */
export function equalViewsOf(where: string, batch: { readonly views: unknown }): readonly tf.Tensor[] {
  const views = viewsOf(where, batch);
  const shapes = views.map(({ shape }) => `[${shape.join(', ')}]`);
  if (shapes.length < 2 || new Set(shapes).size !== 1)
    throw new ShapeError(where, 'views', 'two or more arrays of one shape', shapes.join(' and ') || 'none');
  return views;
}

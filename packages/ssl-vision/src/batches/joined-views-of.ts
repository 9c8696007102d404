import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { viewsOf } from './views-of.js';

/**
 * All views of a batch below each other, for methods that take any number of them.
 *
 * @returns `[views * batch, height, width, channels]`, view after view
 * @throws ShapeError unless there is one or more, of one shape; InvalidOptionError for a batch without views
 */
export function joinedViewsOf(where: string, batch: { readonly views: unknown }): tf.Tensor {
  const views = viewsOf(where, batch);
  const shapes = views.map(({ shape }) => `[${shape.join(', ')}]`);
  if (new Set(shapes).size !== 1)
    throw new ShapeError(where, 'views', 'one or more arrays of one shape', shapes.join(' and ') || 'none');
  return views.length === 1 ? views[0]! : tf.concat([...views]);
}

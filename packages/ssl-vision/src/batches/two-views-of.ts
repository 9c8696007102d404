import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkImages } from './check-images.js';
import { haveOneShape, loaderOf, shapesOf, viewsOf } from './views-of.js';

/**
 * The two views of a batch, for methods that compare each with the other.
 *
 * @throws ShapeError unless there are two, of one shape and of two images or more; InvalidOptionError for a batch without
 *   views
 */
export function twoViewsOf(where: string, batch: { readonly views: unknown }): [tf.Tensor, tf.Tensor] {
  const views = viewsOf(where, batch, loaderOf('two'));
  if (views.length !== 2 || !haveOneShape(views)) {
    const others = 'SimClr and Mmcr take more views, Dino and Swav such of several sizes';
    const advice = `Give the loader two views of one size: ${loaderOf('two')}; ${others}`;
    throw new ShapeError(where, 'views', 'two arrays of one shape', shapesOf(views), advice);
  }
  checkImages(where, views[0]!, 2);
  return views as [tf.Tensor, tf.Tensor];
}

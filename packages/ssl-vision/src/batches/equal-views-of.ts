import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkImages } from './check-images.js';
import { haveOneShape, loaderOf, shapesOf, viewsOf } from './views-of.js';

/**
 * The views of a batch, for methods that compare all of them.
 *
 * @throws ShapeError unless there are two or more, of one shape and of two images or more; InvalidOptionError for a batch
 *   without views
 */
export function equalViewsOf(where: string, batch: { readonly views: unknown }): readonly tf.Tensor[] {
  const views = viewsOf(where, batch, 'two');
  if (views.length < 2 || !haveOneShape(views)) {
    const advice = `Give the loader views of one size: ${loaderOf('two')}; Dino and Swav take several sizes`;
    throw new ShapeError(where, 'views', 'two or more arrays of one shape', shapesOf(views), advice);
  }
  checkImages(where, views[0]!, 2);
  return views;
}

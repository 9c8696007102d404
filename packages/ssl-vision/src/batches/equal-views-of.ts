import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkImages } from './check-images.js';
import { haveOneShape, loaderOf, shapesOf, viewsOf } from './views-of.js';

/**
 * The views of a batch, for methods that compare all of them.
 *
 * @param count as many as there have to be. Default: two or more
 * @throws ShapeError unless there are so many, of one shape and of two images or more; InvalidOptionError for a batch
 *   without views
 */
export function equalViewsOf(where: string, batch: { readonly views: unknown }, count?: number): readonly tf.Tensor[] {
  const loader =
    count === undefined || count === 2
      ? loaderOf('two')
      : `new DataLoader({ dataset, views: multiViews([simclrViews({ size: 32 })[0], ${count}]), batchSize })`;
  const views = viewsOf(where, batch, loader);
  if ((count === undefined ? views.length < 2 : views.length !== count) || !haveOneShape(views)) {
    const advice = `Give the loader views of one size: ${loader}; Dino and Swav take several sizes`;
    throw new ShapeError(where, 'views', `${count ?? 'two or more'} arrays of one shape`, shapesOf(views), advice);
  }
  checkImages(where, views[0]!, 2);
  return views;
}

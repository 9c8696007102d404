import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkImages } from './check-images.js';
import { checkRanks } from './check-ranks.js';
import { haveOneShape, loaderOf, shapesOf, viewsOf } from './views-of.js';

/**
 * All views of a batch below each other, for methods that take any number of them.
 *
 * @returns `[views * batch, height, width, channels]`, view after view
 * @throws ShapeError unless there is one or more, of one shape, and two images or more in all; InvalidOptionError for a batch
 *   without views
 */
export function joinedViewsOf(where: string, batch: { readonly views: unknown }): tf.Tensor {
  const views = viewsOf(where, batch);
  checkRanks(where, views);
  if (!haveOneShape(views)) {
    const advice = `One view is enough: ${loaderOf('one')}`;
    throw new ShapeError(where, 'views', 'one or more arrays of one shape', shapesOf(views), advice);
  }
  const joined = views.length === 1 ? views[0]! : tf.concat([...views]);
  checkImages(where, joined, 2);
  return joined;
}

import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkImages } from './check-images.js';
import { checkRanks } from './check-ranks.js';
import { loaderOf, shapesOf, viewsOf } from './views-of.js';

/**
 * The views of a batch below each other, for methods to which each is a sample of its own.
 *
 * @param least images that the method needs at once
 * @returns `[images, height, width, channels]`
 * @throws ShapeError unless there are one or more, of one size and of `least` images in all; InvalidOptionError for a batch
 *   without views
 */
export function samplesOf(where: string, batch: { readonly views: unknown }, least = 1): tf.Tensor {
  const views = viewsOf(where, batch, loaderOf('one'));
  checkRanks(where, views);
  const sizes = new Set(views.map(({ shape }) => shape.slice(1).join()));
  if (sizes.size !== 1) {
    const advice = `One view is enough: ${loaderOf('one')}`;
    throw new ShapeError(where, 'views', 'one or more arrays of one size of images', shapesOf(views), advice);
  }
  const samples = views.length === 1 ? views[0]! : tf.concat([...views]);
  checkImages(where, samples, least);
  return samples;
}

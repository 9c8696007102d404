import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/**
 * The views of a batch.
 *
 * @throws InvalidOptionError for a batch without, as a loader makes that was given no views
 */
export function viewsOf(where: string, batch: { readonly views: unknown }): readonly tf.Tensor[] {
  const views: unknown = (batch as { readonly views?: unknown } | undefined)?.views;
  if (Array.isArray(views)) return views as tf.Tensor[];
  const advice = 'Give the loader views: new DataLoader({ dataset, views: simclrViews({ size: 32 }), batchSize })';
  throw new InvalidOptionError(where, 'batch.views', 'an array of views', views, advice);
}

import type * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** Views as a method's loader would make them, for advice. */
const presets = {
  one: 'maeViews({ size: 32 })',
  two: 'simclrViews({ size: 32 })',
  crops: 'dinoViews({ size: 32, localSize: 16 })',
  located: 'vicreglViews({ size: 32 })',
} as const;

/** The loader that makes what a method takes. */
export const loaderOf = (preset: keyof typeof presets): string =>
  `new DataLoader({ dataset, views: ${presets[preset]}, batchSize })${preset === 'crops' ? ', or smallImageCrops for grey pictures' : ''}`;

/**
 * The views of a batch.
 *
 * @param loader one that makes what the method takes, for advice
 * @throws InvalidOptionError for a batch without, as a loader makes that was given no views
 */
export function viewsOf(
  where: string,
  batch: { readonly views: unknown },
  loader = loaderOf('one'),
): readonly tf.Tensor[] {
  const views: unknown = (batch as { readonly views?: unknown } | undefined)?.views;
  if (Array.isArray(views)) return views as tf.Tensor[];
  const advice = `Give the loader views: ${loader}`;
  throw new InvalidOptionError(where, 'batch.views', 'an array of views', views, advice);
}

/** Shapes of views, for messages. */
export const shapesOf = (views: readonly tf.Tensor[]): string =>
  views.map(({ shape }) => `[${shape.join(', ')}]`).join(' and ') || 'none';

/** Whether all views have one shape. */
export const haveOneShape = (views: readonly tf.Tensor[]): boolean =>
  new Set(views.map(({ shape }) => shape.join())).size === 1;

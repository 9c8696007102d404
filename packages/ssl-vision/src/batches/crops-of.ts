import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '@selfsup/ssl-tensor/host';
import { checkImages } from './check-images.js';
import { loaderOf, shapesOf, viewsOf } from './views-of.js';

/** Views of one size, one below the other. */
export interface CropGroup {
  /** `[views * batch, height, width, channels]`, view after view; of volumes with their depth, too. */
  readonly images: tf.Tensor4D;
  /** Views in it. */
  readonly count: number;
}

/** The views of a multi-crop batch by size: neighbours of one size are one pass of an encoder. */
export interface Crops {
  readonly batch: number;
  /** Of all views. */
  readonly count: number;
  /** The two global views. */
  readonly globals: tf.Tensor4D;
  /** All views in their order; the first group begins with the two global ones. */
  readonly groups: readonly CropGroup[];
}

/** Global views of a multi-crop batch. */
export const globalCount = 2;

/** What a method needs of a multi-crop batch beside its two global views. */
export interface CropsNeeded {
  /** One or more local views. Default false. */
  readonly locals?: boolean;
  /** Images. Default 1. */
  readonly images?: number;
}

/**
 * The views of a multi-crop batch, as `dinoViews` and `swavViews` make them: two global ones of one size, then any number
 * of others.
 *
 * @throws InvalidOptionError for a batch without views; ShapeError for fewer than two, for two first ones of different
 *   sizes, for views of other batches or channels, and for fewer local views or images than `needed`
 */
export function cropsOf(where: string, given: { readonly views: unknown }, needed: CropsNeeded = {}): Crops {
  const { locals = false, images = 1 } = needed;
  const views = viewsOf(where, given, loaderOf('crops'));
  const advice = `Give the loader two views of one size and then local ones: ${loaderOf('crops')}`;
  const fail = (expected: string): ShapeError => new ShapeError(where, 'views', expected, shapesOf(views), advice);
  const shapes = views.map(({ shape }) => shape.join());
  const [first] = views;
  if (first === undefined || first.rank < 4 || views.length < globalCount || shapes[0] !== shapes[1])
    throw fail('two of one size, then others, as dinoViews makes them');
  if (locals && views.length === globalCount) throw fail('two global views and one or more local ones');
  const { rank } = first;
  const [batch, channels] = [first.shape[0]!, first.shape.at(-1)!];
  if (views.some(({ shape }) => shape.length !== rank || shape[0] !== batch || shape.at(-1) !== channels))
    throw fail(`each [${batch}, ${rank === 5 ? 'depth, ' : ''}height, width, ${channels}]`);
  checkImages(where, first, images);
  const runs: tf.Tensor4D[][] = [];
  views.forEach((view, index) => {
    if (index > 0 && shapes[index] === shapes[index - 1]) runs.at(-1)!.push(view as tf.Tensor4D);
    else runs.push([view as tf.Tensor4D]);
  });
  return {
    batch,
    count: views.length,
    globals: tf.concat(views.slice(0, globalCount) as tf.Tensor4D[], 0),
    groups: runs.map((run) => ({ images: run.length === 1 ? run[0]! : tf.concat(run, 0), count: run.length })),
  };
}

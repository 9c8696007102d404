import * as tf from '@tensorflow/tfjs-core';
import {
  checkCount,
  checkOptions,
  checkShare,
  InvalidOptionError,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkList } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { nearestMatches } from './nearest-matches.js';
import { vicreg, vicregDefaults, vicregOptionNames, type VicregOptions } from '../redundancy/vicreg.js';

/** One view of {@link vicregl}. */
export interface VicreglView {
  /** Output of the global head, `[batch, dim]`. */
  readonly global: tf.Tensor2D;
  /** Output of the local head over the feature map, `[batch, height, width, localDim]`. */
  readonly local: tf.Tensor4D;
  /** Where each place lies in the original image, in any unit that the views share, `[batch, height, width, 2]`. */
  readonly grid: tf.Tensor4D;
}

/** Options of {@link vicregl}. */
export interface VicreglOptions extends VicregOptions {
  /** Weight of the global part, in `[0, 1]`. */
  readonly alpha?: number;
  /** Pairs of places that count: from the first view to the second, and back. */
  readonly numMatches?: readonly [number, number];
}

const vicreglOptionNames: OptionNames<VicreglOptions> = {
  ...vicregOptionNames,
  alpha: 'optionalNumber',
  numMatches: 'optional',
};

/** Defaults of {@link vicregl}: arXiv 2210.01571, and the authors' code. */
export const vicreglDefaults = { ...vicregDefaults, alpha: 0.75, numMatches: [20, 4] } as const;

/**
 * VICReg of whole views and of places: `alpha L_global + (1 - alpha) L_local`.
 *
 * `L_global` is the mean distance of global views from all other views, and the mean variance and covariance term of all
 * views. `L_local` is the mean over the same pairs of views of two `vicreg` losses with half the weight `nu`: one between
 * places matched by the nearest feature, one by the nearest location; each keeps the closest matches.
 *
 * @param globalViews large crops, one or more: of views `[batch, dim]`, of places `[batch, height, width, dim]`
 * @param localViews small crops, whose maps may have another size
 * @returns scalar
 * @throws ShapeError when the shapes do not match or there are fewer than two views; InvalidOptionError for options
 * Source: Bardes et al. 2022, arXiv 2210.01571. Equal to lightly's `VICRegLLoss`, which follows the authors'
 * main_vicregl.py in the number of matches and the weight of covariances.
 */
export function vicregl(
  globalViews: readonly VicreglView[],
  localViews: readonly VicreglView[] = [],
  options: VicreglOptions = {},
): tf.Scalar {
  const { alpha, numMatches, ...terms } = {
    ...vicreglDefaults,
    ...checkOptions('vicregl', options, vicreglOptionNames),
  };
  checkList('vicregl', 'globalViews', globalViews, 'an array of views');
  checkList('vicregl', 'localViews', localViews, 'an array of views');
  checkShare('vicregl', { alpha });
  if (numMatches.length !== 2)
    throw new InvalidOptionError('vicregl', 'numMatches', 'two numbers', JSON.stringify(numMatches));
  checkCount('vicregl', { 'numMatches[0]': numMatches[0], 'numMatches[1]': numMatches[1] });
  const views = [...globalViews, ...localViews];
  if (globalViews.length === 0 || views.length < 2)
    throw new ShapeError('vicregl', 'globalViews', 'one or more of two or more views', `${views.length} views`);
  globalViews.forEach((view, index) => checkView(`globalViews[${index}]`, view, views[0]!));
  localViews.forEach((view, index) => checkView(`localViews[${index}]`, view, views[0]!));

  const pairs = globalViews.flatMap((a, index) =>
    views.filter((_, other) => other !== index).map((b) => [a, b] as const),
  );
  const distances = pairs.map(([a, b]) => tf.mean(tf.squaredDifference(a.global, b.global)) as tf.Scalar);
  // A view against itself has the variance term once and the covariance term twice.
  const spread = { ...terms, lambda: 0, nu: terms.nu / 2 };
  const spreads = views.map(({ global }) => vicreg(global, global, spread));
  const whole = tf.add(tf.mul(mean(distances), terms.lambda), mean(spreads));

  const local = { ...terms, nu: terms.nu / 2 };
  const places = mean(
    pairs.flatMap(([a, b]) =>
      ([(view: VicreglView) => flat(view.local), (view: VicreglView) => flat(view.grid)] as const).map(
        (coordinates) => {
          const there = nearestMatches(flat(a.local), flat(b.local), coordinates(a), coordinates(b), numMatches[0]);
          const back = nearestMatches(flat(b.local), flat(a.local), coordinates(b), coordinates(a), numMatches[1]);
          return tf.add(vicreg(...there, local), vicreg(...back, local)) as tf.Scalar;
        },
      ),
    ),
  );
  // The mean of the two directions, and the sum of the two kinds of match.
  return tf.add(tf.mul(whole, alpha), tf.mul(places, 1 - alpha));
}

const mean = (values: readonly tf.Scalar[]): tf.Scalar => tf.mul(tf.addN([...values]), 1 / values.length);

const flat = (x: tf.Tensor4D): tf.Tensor3D => tf.reshape(x, [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]);

function checkView(name: string, { global, local, grid }: VicreglView, first: VicreglView): void {
  checkTensor('vicregl', `${name}.global`, global, ['batch', 'dim']);
  checkTensor('vicregl', `${name}.global`, global, first.global.shape);
  checkTensor('vicregl', `${name}.local`, local, [global.shape[0], 'height', 'width', first.local.shape[3]]);
  checkTensor('vicregl', `${name}.grid`, grid, [...local.shape.slice(0, 3), 2]);
}

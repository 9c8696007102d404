import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensorRecord } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { nanOutside, withinClasses } from '../transfer/counted-labels.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { excluded } from '../numerics/row-blocks.js';

/** Features of one view at three scales, of the same dimension. */
export interface AmdimFeatures {
  /** Of the whole image, `[batch, dim]`. */
  readonly global: tf.Tensor2D;
  /** Of the coarser map, such as 5x5, `[batch, places, dim]`. */
  readonly coarse: tf.Tensor3D;
  /** Of the finer map, such as 7x7, `[batch, places, dim]`. */
  readonly fine: tf.Tensor3D;
  /** The place of the coarse map that predicts, int32 `[batch]`, drawn by the caller for each image; losses are NaN where it is none. */
  readonly source: tf.Tensor1D;
}

/** Options of {@link amdim}. */
export interface AmdimOptions {
  /** Scores are bent into `(-c, c)` by `c tanh(s / c)`; positive. */
  readonly tanhClip?: number;
  /** Weight of the mean square of the scores before that, 0 or more. */
  readonly scoreRegularization?: number;
}

const amdimOptionNames: OptionNames<AmdimOptions> = {
  tanhClip: 'optionalNumber',
  scoreRegularization: 'optionalNumber',
};

/** Defaults of {@link amdim}: the authors' code of arXiv 1906.00910 (`tclip` of its train.py, 4e-2 in its costs.py). */
export const amdimDefaults = { tanhClip: 20, scoreRegularization: 0.04 } as const;

/** Losses of {@link amdim}, scalars; `total` is their sum. */
export interface AmdimLosses {
  readonly total: tf.Scalar;
  readonly globalToCoarse: tf.Scalar;
  readonly globalToFine: tf.Scalar;
  readonly coarseToCoarse: tf.Scalar;
  /** Mean over both directions, summed over the three pairs of scales, times its weight. */
  readonly regularization: tf.Scalar;
}

/**
 * Augmented multiscale Deep InfoMax: features of one view predict those of the other view at each place of another scale,
 * told from the places of other images: for source `x_i` and target `y_i,l`
 * `loss = mean_{i,l}(log(e^s + sum_{j != i, m} e^{s_i,jm}) - s)` with `s = c tanh(x_i . y_i,l / (sqrt(dim) c))`.
 * Scales: 1 to 5, 1 to 7 and 5 to 5 of the paper, in both directions.
 *
 * @param first features of the first view
 * @param second of the second view, of the same shapes
 * @returns scalars in nats
 * @throws ShapeError when the shapes do not match, or for a single image; InvalidOptionError for options
 * Source: Bachman et al. 2019, arXiv 1906.00910; costs.py of Philip-Bachman/amdim-public.
 */
export function amdim(first: AmdimFeatures, second: AmdimFeatures, options: AmdimOptions = {}): AmdimLosses {
  const { tanhClip, scoreRegularization } = { ...amdimDefaults, ...checkOptions('amdim', options, amdimOptionNames) };
  checkTensorRecord('amdim', 'first', first, ['global', 'coarse', 'fine', 'source']);
  checkTensorRecord('amdim', 'second', second, ['global', 'coarse', 'fine', 'source']);
  checkPositive('amdim', { tanhClip });
  checkNonNegative('amdim', { scoreRegularization });
  checkTensor('amdim', 'first.global', first.global, ['batch', 'dim']);
  const [batch, dim] = first.global.shape;
  if (batch < 2) throw new ShapeError('amdim', 'first.global', 'two or more images', `[${batch}, ${dim}]`);
  for (const [name, { global, coarse, fine, source }] of Object.entries({ first, second })) {
    checkTensor('amdim', `${name}.global`, global, [batch, dim]);
    checkTensor('amdim', `${name}.coarse`, coarse, [batch, first.coarse.shape[1], dim]);
    checkTensor('amdim', `${name}.fine`, fine, [batch, first.fine.shape[1], dim]);
    checkTensor('amdim', `${name}.source`, source, [batch], ['int32']);
  }

  const regularizations: tf.Scalar[] = [];
  const bothWays = (predict: (from: AmdimFeatures, to: AmdimFeatures) => [tf.Tensor2D, tf.Tensor3D]): tf.Scalar => {
    const pairs = [predict(first, second), predict(second, first)] as const;
    const losses = pairs.map(([from, to]) => {
      const { loss, meanSquare } = placeLoss(from, to, tanhClip);
      regularizations.push(meanSquare);
      return loss;
    });
    return tf.mul(tf.addN(losses), 0.5);
  };
  const globalToCoarse = bothWays((from, to) => [from.global, to.coarse]);
  const globalToFine = bothWays((from, to) => [from.global, to.fine]);
  const coarseToCoarse = bothWays((from, to) => [atSource(from), to.coarse]);
  const regularization: tf.Scalar = tf.mul(tf.addN(regularizations), 0.5 * scoreRegularization);
  const total: tf.Scalar = tf.addN([globalToCoarse, globalToFine, coarseToCoarse, regularization]);
  return { total, globalToCoarse, globalToFine, coarseToCoarse, regularization };
}

/** The coarse feature of each image at its place `source`: `[batch, dim]`. */
function atSource({ coarse, source }: AmdimFeatures): tf.Tensor2D {
  const [batch, places, dim] = coarse.shape;
  const rows = tf.add(tf.range(0, batch * places, places, 'int32'), withinClasses(source, places));
  const chosen = tf.gather(tf.reshape(coarse, [batch * places, dim]), tf.cast(rows, 'int32') as tf.Tensor1D);
  return tf.mul(chosen, tf.expandDims(nanOutside(source, places), 1));
}

function placeLoss(
  sources: tf.Tensor2D,
  targets: tf.Tensor3D,
  clip: number,
): { loss: tf.Scalar; meanSquare: tf.Scalar } {
  const [batch, places, dim] = targets.shape;
  const from = tf.mul(sources, 1 / Math.sqrt(dim)) as tf.Tensor2D;
  const raw = tf.matMul(from, tf.reshape(targets, [batch * places, dim]) as tf.Tensor2D, false, true);
  const bent = (scores: tf.Tensor): tf.Tensor => tf.mul(tf.tanh(tf.mul(scores, 1 / clip)), clip);
  const own = bent(tf.reshape(tf.matMul(targets, tf.reshape(from, [batch, dim, 1])), [batch, places]));
  const notOwn = tf.mul(tf.reshape(tf.eye(batch), [batch, batch, 1]), excluded);
  const negatives = tf.add(tf.reshape(bent(raw), [batch, batch, places]), notOwn);
  const repulsion = tf.reshape(logSumExpRows(tf.reshape(negatives, [batch, batch * places])), [batch, 1]);
  // log(e^s + e^n) - s = softplus(n - s).
  const loss: tf.Scalar = tf.mean(tf.softplus(tf.sub(repulsion, own)));
  return { loss, meanSquare: tf.mean(tf.square(raw)) };
}

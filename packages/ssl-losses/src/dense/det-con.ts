import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensorRecord, checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { countedLabels } from '../transfer/counted-labels.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { logSumExpRows } from '../numerics/log-sum-exp-rows.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';

/** Options of {@link detConB} and {@link detConS}. */
export interface DetConOptions<R extends Reduction = Reduction> {
  /** Divisor of the cosines, positive. */
  readonly temperature?: number;
  readonly reduction?: R;
}

const detConOptionNames: OptionNames<DetConOptions> = {
  temperature: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link detConB} and {@link detConS}: arXiv 2103.10957. */
export const detConDefaults = { temperature: 0.1, reduction: 'mean' } as const;

/** Added to the similarity of a pair that must not count. */
const excluded = -1e9;

/** One view of {@link detConB}. */
export interface DetConView {
  /** Features of the online network, pooled over regions and predicted, `[batch, regions, dim]`. */
  readonly prediction: tf.Tensor3D;
  /** Features of the target network, pooled over the same regions, `[batch, regions, dim]`. */
  readonly target: tf.Tensor3D;
  /** Which mask each region is, int32 `[batch, regions]`; masks are numbered within an image and may repeat; -1 = of none. */
  readonly masks: tf.Tensor2D;
}

/**
 * Contrast of regions, DetCon on BYOL's branches: each region predicts the target regions of the same mask in the other
 * view of its image, against all regions of both views of the batch. Regions of the same mask in the same view of the
 * image count neither way; a region without a partner has loss 0, as has one of no mask (-1), and those of one mask share the
 * weight of one.
 *
 * @param view0 features of one view, pooled over regions, `[batch, regions, dim]`, and the masks of the regions
 * @param view1 those of the other view, of the same shapes
 * @returns both directions added: scalar in nats, or `[batch]`, means over regions, with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Hénaff et al. 2021, arXiv 2103.10957; utils/losses.py of google-deepmind/detcon. Equal to lightly's
 * `DetConBLoss` in one process.
 */
export function detConB<R extends Reduction = 'mean'>(
  view0: DetConView,
  view1: DetConView,
  options: DetConOptions<R> = {},
): Reduced<R> {
  const given = checkOptions('detConB', options, detConOptionNames);
  checkTensorRecord('detConB', 'view0', view0, ['prediction', 'target', 'masks']);
  checkTensorRecord('detConB', 'view1', view1, ['prediction', 'target', 'masks']);
  return detCon('detConB', view0, view1, given);
}

/**
 * Contrast of regions, DetCon on SimCLR's one branch: {@link detConB} with each view as its own target.
 *
 * @param view0 features of the first view, pooled over regions, `[batch, regions, dim]`
 * @param view1 features of the second view, of the same shape
 * @param masks0 which mask each region is, int32 `[batch, regions]`; masks are numbered within an image and may repeat
 * @param masks1 the same for the second view
 * @returns both directions added: scalar in nats, or `[batch]`, means over regions, with reduction `none`
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Hénaff et al. 2021, arXiv 2103.10957. Equal to lightly's `DetConSLoss` in one process.
 */
export function detConS<R extends Reduction = 'mean'>(
  view0: tf.Tensor3D,
  view1: tf.Tensor3D,
  masks0: tf.Tensor2D,
  masks1: tf.Tensor2D,
  options: DetConOptions<R> = {},
): Reduced<R> {
  const given = checkOptions('detConS', options, detConOptionNames);
  checkTensors('detConS', { view0, view1, masks0, masks1 });
  const [first, second] = [
    { prediction: view0, target: view0, masks: masks0 },
    { prediction: view1, target: view1, masks: masks1 },
  ];
  return detCon('detConS', first, second, given);
}

function detCon<R extends Reduction>(
  where: string,
  view0: DetConView,
  view1: DetConView,
  given: DetConOptions<R>,
): Reduced<R> {
  const { temperature, reduction } = { ...detConDefaults, ...given };
  const { shape } = view0.prediction;
  checkTensor(where, 'view0.prediction', view0.prediction, ['batch', 'regions', 'dim']);
  for (const [name, view] of Object.entries({ view0, view1 })) {
    checkTensor(where, `${name}.prediction`, view.prediction, shape);
    checkTensor(where, `${name}.target`, view.target, shape);
    checkTensor(where, `${name}.masks`, view.masks, shape.slice(0, 2), ['int32']);
  }
  if (view0.prediction.size === 0) throw new ShapeError(where, 'view0.prediction', 'one or more regions', '0');
  checkPositive(where, { temperature });

  const [targets0, targets1] = [unit(view0.target), unit(view1.target)];
  const losses = tf.add(
    direction(unit(view0.prediction, 1 / temperature), targets0, targets1, view0.masks, view1.masks),
    direction(unit(view1.prediction, 1 / temperature), targets1, targets0, view1.masks, view0.masks),
  );
  return reduce(where, tf.mean(losses, 1) as tf.Tensor1D, reduction as R);
}

/** Losses of the regions of one view, `[batch, regions]`. */
function direction(
  anchors: tf.Tensor3D,
  own: tf.Tensor3D,
  other: tf.Tensor3D,
  ownMasks: tf.Tensor2D,
  otherMasks: tf.Tensor2D,
): tf.Tensor {
  const [batch, regions, dim] = anchors.shape;
  const rows = batch * regions;
  const flat = (x: tf.Tensor): tf.Tensor2D => tf.reshape(x, [rows, dim]);
  const similarities = (others: tf.Tensor3D): tf.Tensor2D => tf.matMul(flat(anchors), flat(others), false, true);

  // A region of no mask is still no negative of itself.
  const repeats = tf.maximum(same(ownMasks, ownMasks), tf.eye(regions));
  const image = tf.range(0, batch, 1, 'int32');
  const sameImage = tf.cast(
    tf.equal(tf.reshape(image, [batch, 1, 1, 1]), tf.reshape(image, [1, 1, batch, 1])),
    'float32',
  );
  const left = tf.mul(tf.mul(sameImage, excluded), tf.reshape(repeats, [batch, regions, 1, regions]));
  const within = tf.add(similarities(own), tf.reshape(left, [rows, rows]));
  const repulsion = logSumExpRows(tf.concat([similarities(other), within], 1) as tf.Tensor2D);

  // Positives are in the blocks of one image: no labels over the whole batch.
  const positives = same(ownMasks, otherMasks);
  const count = tf.sum(positives, 2);
  const attraction = tf.div(tf.sum(tf.mul(tf.matMul(anchors, other, false, true), positives), 2), tf.maximum(count, 1));
  const weight = tf.div(tf.minimum(count, 1), tf.sum(repeats, 2));
  return tf.mul(tf.sub(tf.reshape(repulsion, [batch, regions]), attraction), weight);
}

/** Vectors of length 1, times `scale`. */
const unit = (x: tf.Tensor3D, scale = 1): tf.Tensor3D => {
  const [batch, regions, dim] = x.shape;
  const rows = l2Normalize(tf.reshape(x, [batch * regions, dim]));
  return tf.reshape(scale === 1 ? rows : tf.mul(rows, scale), x.shape);
};

/** 1 where regions of one image have the same mask: `[batch, regions, regions]`. Those of no mask have none in common. */
const same = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor =>
  tf.mul(
    tf.cast(tf.equal(tf.expandDims(a, 2), tf.expandDims(b, 1)), 'float32'),
    tf.expandDims(countedLabels('detCon', a).weight, 2),
  );

import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, nanOutside } from '../transfer/counted-labels.js';
import { l2Normalize } from '../numerics/l2-normalize.js';
import { ownLogSumExp } from './own-log-sum-exp.js';
import { reduceCounted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { rowBlocks } from '../numerics/row-blocks.js';
import { stackViews } from '../numerics/stack-views.js';

/** Options of {@link supCon}. */
export interface SupConOptions<R extends Reduction = Reduction> {
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /** The loss is multiplied by `temperature / baseTemperature`, so that its gradients keep their size. */
  readonly baseTemperature?: number;
  /** Anchors: all views of each image, or the first one only. */
  readonly contrastMode?: 'all' | 'one';
  /** Views per image when `z` is one tensor, 1 or more. */
  readonly views?: number;
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
  /** Rows whose similarities are held at a time; by default as many as make 4 million numbers, 256 or more. */
  readonly blockRows?: number;
}

const supConOptionNames: OptionNames<SupConOptions> = {
  temperature: 'optionalNumber',
  baseTemperature: 'optionalNumber',
  contrastMode: 'optional',
  views: 'optionalNumber',
  normalize: 'optionalFlag',
  reduction: 'optional',
  blockRows: 'optionalNumber',
};

/** Defaults of {@link supCon}: the authors' code of arXiv 2004.11362. */
export const supConDefaults = {
  temperature: 0.07,
  baseTemperature: 0.07,
  contrastMode: 'all',
  views: 2,
  normalize: true,
  reduction: 'mean',
} as const;

/**
 * Supervised contrastive loss, with the mean over positives outside the logarithm (`L_out`):
 * `loss_i = temperature / baseTemperature * (logSumExp_{a != i}(s_ia) - mean_{p in P(i)} s_ip)` with
 * `s_ij = z_i . z_j / temperature`, where `P(i)` are all other rows with the label of row `i`.
 *
 * Similarities take memory linear in the batch, the comparison of labels `batch^2` numbers.
 *
 * @param z features `[views * batch, dim]`, view after view; or the views, each `[batch, dim]`
 * @param labels int32 `[batch]`, 0 or more; with labels that all differ the loss is {@link ntXent}. An image of -1, the
 *   product's 'no label' (or of -100), is like no other image: its positives are its own other views, and with one view it
 *   is no anchor
 * @returns scalar in nats, or `[anchors]` with reduction `none`; 0 for an anchor without positives, as in the authors'
 *   code, whose mean counts it where it has a label. NaN, also the gradient, for any other negative label and where there is
 *   no anchor
 * @throws ShapeError when the shapes do not match or there is one row; InvalidOptionError for options
 * Source: Khosla et al. 2020, arXiv 2004.11362, equation 2, and `SupConLoss` in losses.py of HobbitLong/SupContrast.
 *
 * @example
 * const loss = supCon(tf.randomNormal([8, 16]), tf.tensor1d([0, 1, 0, 2], 'int32'));
 */
export function supCon<R extends Reduction = 'mean'>(
  z: tf.Tensor2D | readonly tf.Tensor2D[],
  labels: tf.Tensor1D,
  options: SupConOptions<R> = {},
): Reduced<R> {
  const { temperature, baseTemperature, contrastMode, normalize, reduction, blockRows } = {
    ...supConDefaults,
    ...checkOptions('supCon', options, supConOptionNames),
  };
  const { features, views, batch } = stackViews('supCon', z, options.views, 1);
  const [rows, dim] = features.shape;
  checkPositive('supCon', { temperature });
  checkPositive('supCon', { baseTemperature });
  checkChoice('supCon', 'contrastMode', contrastMode, ['all', 'one']);
  checkTensor('supCon', 'labels', labels, [batch], ['int32']);
  if (rows < 2) throw new ShapeError('supCon', 'z', 'two or more rows', `[${rows}, ${dim}]`);

  const unit = normalize ? l2Normalize(features) : features;
  const scaled = tf.mul(unit, Math.sqrt(1 / temperature)) as tf.Tensor2D;
  const same = sameLabels(labels);
  const ofImage = tf.sum(tf.reshape(scaled, [views, batch, dim]), 0);
  const ofLabel = tf.tile(tf.matMul(same, ofImage as tf.Tensor2D), [views, 1]);
  const positives = tf.tile(tf.sub(tf.mul(tf.sum(same, 1), views), 1), [views]);
  const attraction = tf.div(tf.sum(tf.mul(scaled, tf.sub(ofLabel, scaled)), 1), tf.maximum(positives, 1));
  const repulsion = ownLogSumExp(scaled, { period: rows, blocks: rowBlocks('supCon', rows, rows, blockRows) });
  const alone = tf.minimum(positives, 1);
  const losses = tf.mul(tf.sub(tf.mul(repulsion, alone), attraction), temperature / baseTemperature) as tf.Tensor1D;
  const counts = tf.maximum(alone, tf.tile(countedLabels('supCon', labels).weight, [views])) as tf.Tensor1D;
  const anchors = (x: tf.Tensor1D): tf.Tensor1D => (contrastMode === 'one' ? tf.slice(x, 0, batch) : x);
  return reduceCounted('supCon', anchors(losses), anchors(counts), reduction as R);
}

/** 1 where images have the same label, else 0: `[batch, batch]`. No label is the label of one image; others below 0 are NaN. */
function sameLabels(labels: tf.Tensor1D): tf.Tensor2D {
  const [batch] = labels.shape;
  const { known, weight } = countedLabels('supCon', labels);
  const equal = tf.cast(tf.equal(tf.reshape(labels, [batch, 1]), tf.reshape(labels, [1, batch])), 'float32');
  const labelled = tf.mul(weight, nanOutside(known));
  return tf.add(tf.mul(equal, tf.reshape(labelled, [batch, 1])), tf.mul(tf.eye(batch), tf.sub(1, weight)));
}

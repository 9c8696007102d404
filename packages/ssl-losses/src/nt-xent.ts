import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, ShapeError } from 'ssl-tensor/host';
import { checkTemperature, checkTensor } from './check.js';
import { l2Normalize } from './l2-normalize.js';
import { logSumExpRows } from './log-sum-exp-rows.js';
import { reduce, type Reduced, type Reduction } from './reduction.js';

/** Options of {@link ntXent}. */
export interface NtXentOptions<R extends Reduction = Reduction> {
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  /** Views per image when `z` is one tensor, 2 or more. */
  readonly views?: number;
  /** Scale the rows to length 1 first. */
  readonly normalize?: boolean;
  readonly reduction?: R;
  /** More negatives for every anchor, such as a memory bank: `[k, dim]`. */
  readonly negatives?: tf.Tensor2D;
  /**
   * Pairs that may count as negatives: int32 or bool `[views * batch, views * batch + k]`, 1 = counts, 0 = left out.
   * Positives always count.
   */
  readonly negativeMask?: tf.Tensor2D;
}

/** Defaults of {@link ntXent}: temperature of SimCLR on CIFAR-10 (arXiv 2002.05709, appendix B.9). */
export const ntXentDefaults = { temperature: 0.5, views: 2, normalize: true, reduction: 'mean' } as const;

/** Added to the similarity of a pair that must not count. */
const excluded = -1e9;

/**
 * Normalised temperature-scaled cross-entropy between views of the same images:
 * `loss_i = logSumExp_{a != i}(s_ia) - mean_{p in P(i)} s_ip` with `s_ij = z_i . z_j / temperature`,
 * where `P(i)` are the other views of image `i`.
 *
 * @param z features `[views * batch, dim]`, view after view; or the views, each `[batch, dim]`
 * @returns scalar in nats, or `[views * batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match, or one image leaves no negatives; InvalidOptionError for options
 * Source: Chen et al. 2020, arXiv 2002.05709, equation 1; for more than two views Khosla et al. 2020, arXiv 2004.11362,
 * equation 2. Equal to lightly's `NTXentLoss` for two views.
 *
 * @example
 * const loss = ntXent(tf.randomNormal([8, 16]), { temperature: 0.2 });
 */
export function ntXent<R extends Reduction = 'mean'>(
  z: tf.Tensor2D | readonly tf.Tensor2D[],
  options: NtXentOptions<R> = {},
): Reduced<R> {
  const { temperature, normalize, negatives, negativeMask, reduction } = { ...ntXentDefaults, ...options };
  const { features, views } = stackViews(z, options.views);
  const [rows, dim] = features.shape;
  const batch = rows / views;
  checkTemperature('ntXent', temperature);
  if (negatives !== undefined) checkTensor('ntXent', 'negatives', negatives, ['k', dim]);
  const columns = rows + (negatives?.shape[0] ?? 0);
  if (batch === 1 && columns === rows)
    throw new ShapeError(
      'ntXent',
      'z',
      'features of two or more images, or negatives besides',
      `[${rows}, ${dim}] in ${views} views`,
    );
  if (negativeMask !== undefined)
    checkTensor('ntXent', 'negativeMask', negativeMask, [rows, columns], ['int32', 'bool']);

  const unit = normalize ? l2Normalize(features) : features;
  // The temperature goes on the smaller factor.
  const anchors = tf.mul(unit, 1 / temperature) as tf.Tensor2D;
  const others = negatives === undefined ? unit : tf.concat([unit, normalize ? l2Normalize(negatives) : negatives], 0);
  const similarities = tf.matMul(anchors, others, false, true);
  const masked = tf.add(similarities, columnMask(views, batch, columns, negativeMask)) as tf.Tensor2D;
  const grouped = tf.reshape(unit, [views, batch, dim]);
  const partners = tf.reshape(tf.sub(tf.sum(grouped, 0, true), grouped), [rows, dim]);
  const attraction = tf.mul(tf.sum(tf.mul(anchors, partners), 1), 1 / (views - 1));
  return reduce('ntXent', tf.sub(logSumExpRows(masked), attraction) as tf.Tensor1D, reduction as R);
}

function stackViews(
  z: tf.Tensor2D | readonly tf.Tensor2D[],
  requested: number | undefined,
): { features: tf.Tensor2D; views: number } {
  if (!(z instanceof tf.Tensor)) {
    const [first] = z;
    if (first === undefined || z.length < 2) throw new ShapeError('ntXent', 'z', 'two or more views', `${z.length}`);
    if (requested !== undefined && requested !== z.length)
      throw new InvalidOptionError('ntXent', 'views', `left out or ${z.length}, the number of tensors in z`, requested);
    checkTensor('ntXent', 'z[0]', first, ['batch', 'dim']);
    z.forEach((view, index) => checkTensor('ntXent', `z[${index}]`, view, first.shape));
    return { features: tf.concat([...z], 0), views: z.length };
  }
  const views = requested ?? ntXentDefaults.views;
  if (!Number.isSafeInteger(views) || views < 2)
    throw new InvalidOptionError('ntXent', 'views', 'an integer of 2 or more', views);
  checkTensor('ntXent', 'z', z, ['views * batch', 'dim']);
  if (z.shape[0] === 0 || z.shape[0] % views !== 0)
    throw new ShapeError('ntXent', 'z', `[${views} * batch, dim]`, `[${z.shape.join(', ')}]`);
  return { features: z, views };
}

/** `[views * batch, columns]`, 0 where a pair counts in the denominator and -1e9 where not. */
function columnMask(views: number, batch: number, columns: number, negativeMask: tf.Tensor2D | undefined): tf.Tensor2D {
  const rows = views * batch;
  const self = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) self[i * columns + i] = excluded;
  const diagonal = tf.tensor2d(self, [rows, columns]);
  if (negativeMask === undefined) return diagonal;
  const positive = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = i % batch; j < rows; j += batch) positive[i * columns + j] = 1;
  const counts = tf.maximum(tf.cast(negativeMask, 'float32'), tf.tensor2d(positive, [rows, columns]));
  return tf.add(tf.mul(tf.sub(counts, 1), -excluded), diagonal);
}

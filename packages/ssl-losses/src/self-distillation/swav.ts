import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkPositive, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensorLists } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { reduce, type Reduced, type Reduction } from '../numerics/reduction.js';
import { sinkhorn, sinkhornDefaults } from './sinkhorn.js';
import { fixedTargetCrossEntropy } from '../transfer/fixed-target-cross-entropy.js';

/** Options of {@link swav}. */
export interface SwavOptions<R extends Reduction = Reduction> {
  /** Divisor of the predictions, positive. */
  readonly temperature?: number;
  /** Rounds of balancing of the codes, 1 or more. */
  readonly sinkhornIterations?: number;
  /** Divisor of the scores in the codes, positive. */
  readonly sinkhornEpsilon?: number;
  /** Scores of features kept from earlier batches, which balance the codes of each high-resolution crop: `[queue, k]`. */
  readonly queue?: readonly tf.Tensor2D[];
  readonly reduction?: R;
}

const swavOptionNames: OptionNames<SwavOptions> = {
  temperature: 'optionalNumber',
  sinkhornIterations: 'optionalNumber',
  sinkhornEpsilon: 'optionalNumber',
  queue: 'optional',
  reduction: 'optional',
};

/** Defaults of {@link swav}: arXiv 2006.09882. */
export const swavDefaults = {
  temperature: 0.1,
  sinkhornIterations: sinkhornDefaults.iterations,
  sinkhornEpsilon: sinkhornDefaults.epsilon,
  reduction: 'mean',
} as const;

/**
 * Swapped prediction between crops: the mean over high-resolution crops `i` and other crops `v` of
 * `H(q_i, softmax(z_v / temperature))`, where the code `q_i` is {@link sinkhorn} of the scores `z_i`.
 *
 * @param highResolution scores of unit features against unit prototypes, each `[batch, k]`
 * @param lowResolution the same for small crops, each `[batch, k]`; they predict and have no codes
 * @returns scalar in nats, or `[batch]` with reduction `none`
 * @throws ShapeError when the shapes do not match or there are fewer than two crops; InvalidOptionError for options
 * Source: Caron et al. 2020, arXiv 2006.09882. Equal to lightly's `SwaVLoss`.
 *
 * @example
 * const scores = () => tf.randomUniform<tf.Rank.R2>([8, 16], -1, 1);
 * const loss = swav([scores(), scores()], [scores()]);
 */
export function swav<R extends Reduction = 'mean'>(
  highResolution: readonly tf.Tensor2D[],
  lowResolution: readonly tf.Tensor2D[] = [],
  options: SwavOptions<R> = {},
): Reduced<R> {
  const { temperature, sinkhornIterations, sinkhornEpsilon, queue, reduction } = {
    ...swavDefaults,
    ...checkOptions('swav', options, swavOptionNames),
  };
  checkTensorLists('swav', { highResolution, lowResolution });
  const crops = [...highResolution, ...lowResolution];
  const [first] = highResolution;
  if (first === undefined || crops.length < 2)
    throw new ShapeError('swav', 'highResolution', 'one or more of two or more crops', `${crops.length} crops`);
  checkTensor('swav', 'highResolution[0]', first, ['batch', 'k']);
  const [batch, k] = first.shape;
  highResolution.forEach((crop, index) => checkTensor('swav', `highResolution[${index}]`, crop, [batch, k]));
  lowResolution.forEach((crop, index) => checkTensor('swav', `lowResolution[${index}]`, crop, [batch, k]));
  checkPositive('swav', { temperature });
  if (queue !== undefined && queue.length !== highResolution.length)
    throw new ShapeError('swav', 'queue', `${highResolution.length} tensors, one per crop`, `${queue.length}`);
  queue?.forEach((scores, index) => checkTensor('swav', `queue[${index}]`, scores, ['queue', k]));

  const codes = highResolution.map((crop, index) => {
    const kept = queue?.[index];
    const scores = kept === undefined ? crop : tf.concat([crop, kept], 0);
    const balanced = sinkhorn(scores, { epsilon: sinkhornEpsilon, iterations: sinkhornIterations });
    return kept === undefined ? balanced : tf.slice(balanced, [0, 0], [batch, k]);
  });
  // Cross-entropy is linear in its target: one per crop, against the sum of the other crops' codes.
  const losses = crops.flatMap((crop, index) => {
    const others = codes.filter((_, other) => other !== index);
    if (others.length === 0) return [];
    return [fixedTargetCrossEntropy(tf.mul(crop, 1 / temperature), tf.addN(others))];
  });
  const pairs = codes.length * (crops.length - 1);
  return reduce('swav', tf.mul(tf.addN(losses), 1 / pairs) as tf.Tensor1D, reduction as R);
}

import * as tf from '@tensorflow/tfjs-core';
import { checkCount, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensors } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { infoNCE } from './info-nce.js';
import { ntXent } from './nt-xent.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';

/** Options of {@link directCLR}. */
export interface DirectCLROptions<R extends Reduction = Reduction> {
  /** How many of the first features the loss sees; all when there are fewer. */
  readonly lossDim?: number;
  /** Divisor of the similarities, positive. */
  readonly temperature?: number;
  readonly reduction?: R;
  /** A memory bank of such first features, `[k, lossDim]`, in place of the other images of the batch. */
  readonly negatives?: tf.Tensor2D;
}

const directCLROptionNames: OptionNames<DirectCLROptions> = {
  lossDim: 'optionalNumber',
  temperature: 'optionalNumber',
  reduction: 'optional',
  negatives: 'optional',
};

/** Defaults of {@link directCLR}: those of lightly's `DirectCLRLoss`; arXiv 2110.09348 takes 360 of 2048 features. */
export const directCLRDefaults = { lossDim: 64, temperature: 0.5, reduction: 'mean' } as const;

/**
 * Contrastive loss on the first features of the backbone itself, without a projection head: {@link ntXent} of the
 * views, or {@link infoNCE} with a memory bank.
 *
 * @param first `[batch, ...]`, flattened to `[batch, dim]`
 * @param second same shape, row `i` is another view of row `i` of `first`
 * @returns scalar in nats; with reduction `none` `[2 * batch]`, or `[batch]` with a memory bank
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Jing et al. 2022, arXiv 2110.09348. Equal to lightly's `DirectCLRLoss`.
 *
 * @example
 * const loss = directCLR(tf.randomNormal([8, 128]), tf.randomNormal([8, 128]), { lossDim: 32 });
 */
export function directCLR<R extends Reduction = 'mean'>(
  first: tf.Tensor,
  second: tf.Tensor,
  options: DirectCLROptions<R> = {},
): Reduced<R> {
  const { lossDim, temperature, reduction, negatives } = {
    ...directCLRDefaults,
    ...checkOptions('directCLR', options, directCLROptionNames),
  };
  checkTensors('directCLR', { first });
  if (first.rank < 2) checkTensor('directCLR', 'first', first, ['batch', 'dim']);
  checkTensor('directCLR', 'first', first, first.shape);
  checkTensor('directCLR', 'second', second, first.shape);
  checkCount('directCLR', { lossDim });

  const batch = first.shape[0]!;
  const kept = Math.min(lossDim, first.size / batch);
  const [a, b] = [first, second].map((x) =>
    tf.slice(tf.reshape(x, [batch, first.size / batch]) as tf.Tensor2D, [0, 0], [batch, kept]),
  ) as [tf.Tensor2D, tf.Tensor2D];
  const common = { temperature, reduction: reduction as R };
  return negatives === undefined ? ntXent([a, b], common) : infoNCE(a, b, negatives, common);
}

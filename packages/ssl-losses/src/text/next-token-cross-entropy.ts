import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { countedLabels, usualIgnoreIndex } from '../transfer/counted-labels.js';
import { reduceWeighted } from '../numerics/reduce-weighted.js';
import type { Reduced, Reduction } from '../numerics/reduction.js';
import { smoothedCrossEntropy } from '../transfer/softmax-cross-entropy.js';

/** Options of {@link nextTokenCrossEntropy}. */
export interface NextTokenCrossEntropyOptions<R extends Reduction = Reduction> {
  /**
   * True: the scores at place `i` are for token `i + 1`. False: they are for token `i`, as where the model reads a start
   * token and all tokens but the last.
   */
  readonly shift?: boolean;
  /** Another label of tokens that do not count, besides -1. */
  readonly ignoreIndex?: number;
  /** Share of the target that is spread over the vocabulary, in `[0, 1)`. */
  readonly labelSmoothing?: number;
  /** `mean` divides by the number of tokens that count; `none` gives each sample's mean over its tokens. */
  readonly reduction?: R;
}

const nextTokenCrossEntropyOptionNames: OptionNames<NextTokenCrossEntropyOptions> = {
  shift: 'optionalFlag',
  ignoreIndex: 'optionalNumber',
  labelSmoothing: 'optionalNumber',
  reduction: 'optional',
};

/** Defaults of {@link nextTokenCrossEntropy}: the shift and the ignored label of Hugging Face's `ImageGPTForCausalImageModeling`. */
export const nextTokenCrossEntropyDefaults = {
  shift: true,
  ignoreIndex: usualIgnoreIndex,
  labelSmoothing: 0,
  reduction: 'mean',
} as const;

/**
 * Autoregressive cross-entropy of pixels or tokens: `-mean_i log p(x_{i+1} | x_1, ..., x_i)`.
 *
 * @param logits `[batch, length, vocabulary]`
 * @param tokens int32 `[batch, length]` in raster order, each in `[0, vocabulary)`, or -1 or `ignoreIndex`
 * @returns scalar in nats, or `[batch]` with reduction `none`; NaN, also the gradient, for any other number and where no
 *   token counts, under `none` no token of the sample
 * @throws ShapeError when the shapes do not match or a single token has no next one; InvalidOptionError for options
 * Source: Chen et al. 2020 (iGPT, Generative Pretraining from Pixels), L_AR.
 */
export function nextTokenCrossEntropy<R extends Reduction = 'mean'>(
  logits: tf.Tensor3D,
  tokens: tf.Tensor2D,
  options: NextTokenCrossEntropyOptions<R> = {},
): Reduced<R> {
  const where = 'nextTokenCrossEntropy';
  const { shift, ignoreIndex, labelSmoothing, reduction } = {
    ...nextTokenCrossEntropyDefaults,
    ...checkOptions('nextTokenCrossEntropy', options, nextTokenCrossEntropyOptionNames),
  };
  checkTensor(where, 'logits', logits, ['batch', 'length', 'vocabulary']);
  const [batch, length, vocabulary] = logits.shape;
  checkTensor(where, 'tokens', tokens, [batch, length], ['int32']);
  const places = shift ? length - 1 : length;
  if (places < 1)
    throw new ShapeError(where, 'tokens', `${shift ? 2 : 1} or more in a row`, `[${tokens.shape.join(', ')}]`);

  const scores = shift ? tf.slice(logits, [0, 0, 0], [batch, places, vocabulary]) : logits;
  const next = shift ? tf.slice(tokens, [0, 1], [batch, places]) : tokens;
  const { known, weight } = countedLabels(where, next, { ignoreIndex });
  const losses = smoothedCrossEntropy(
    where,
    tf.reshape(scores, [batch * places, vocabulary]),
    tf.reshape(known, [batch * places]),
    labelSmoothing,
  );
  return reduceWeighted(where, tf.reshape(losses, [batch, places]), weight, reduction as R);
}

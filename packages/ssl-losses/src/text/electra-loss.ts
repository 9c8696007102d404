import * as tf from '@tensorflow/tfjs-core';
import { checkNonNegative, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensorRecord } from '../numerics/check-inputs.js';
import { maskedTokenCrossEntropy, type MaskedTokenCrossEntropyOptions } from './masked-token-cross-entropy.js';
import { replacedTokenDetection } from './replaced-token-detection.js';

/** What the generator predicted at masked positions. */
export interface ElectraGenerator {
  /** `[n, vocabulary]` */
  readonly logits: tf.Tensor2D;
  /** int32 `[n]`, the original tokens */
  readonly labels: tf.Tensor1D;
}

/** What the discriminator saw and said. */
export interface ElectraDiscriminator {
  /** `[batch, length]`, above 0 = replaced */
  readonly logits: tf.Tensor2D;
  /** `[batch, length]`, 1 = differs from the original token */
  readonly replaced: tf.Tensor2D;
  /** `[batch, length]`, 1 = token, 0 = padding */
  readonly tokenMask?: tf.Tensor2D;
}

/** Options of {@link electraLoss}. */
export interface ElectraLossOptions {
  readonly generatorWeight?: number;
  readonly discriminatorWeight?: number;
  /** How the generator's positions count. */
  readonly generator?: Omit<MaskedTokenCrossEntropyOptions, 'reduction'>;
}

const electraLossOptionNames: OptionNames<ElectraLossOptions> = {
  generatorWeight: 'optionalNumber',
  discriminatorWeight: 'optionalNumber',
  generator: 'optional',
};

/** Defaults of {@link electraLoss}: arXiv 2003.10555; lambda 50, as the authors' code. */
export const electraLossDefaults = { generatorWeight: 1, discriminatorWeight: 50, generator: {} } as const;

/**
 * ELECTRA's joint loss: masked language modelling of the generator plus 50 times replaced-token detection. Nothing flows
 * from the discriminator into the generator, since sampled tokens lie between them.
 *
 * @param generator what it predicted at masked positions: logits `[n, vocabulary]`, and labels `[n]`
 * @param discriminator what it says of each token: logits and truth, `[batch, length]`
 * @returns the weighted sum and its two terms before their weights, scalars
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Clark et al. 2020 (ELECTRA), arXiv 2003.10555, and run_pretraining.py of google-research/electra. Equal to
 * the losses of transformers' `ElectraForMaskedLM` and `ElectraForPreTraining`.
 */
export function electraLoss(
  generator: ElectraGenerator,
  discriminator: ElectraDiscriminator,
  options: ElectraLossOptions = {},
): { readonly loss: tf.Scalar; readonly generator: tf.Scalar; readonly discriminator: tf.Scalar } {
  const {
    generatorWeight,
    discriminatorWeight,
    generator: counting,
  } = { ...electraLossDefaults, ...checkOptions('electraLoss', options, electraLossOptionNames) };
  checkTensorRecord('electraLoss', 'generator', generator, ['logits', 'labels']);
  checkTensorRecord('electraLoss', 'discriminator', discriminator, ['logits', 'replaced']);
  checkNonNegative('electraLoss', { generatorWeight, discriminatorWeight });
  const { logits, replaced, ...rest } = discriminator;
  const guessing = maskedTokenCrossEntropy(generator.logits, generator.labels, counting);
  const telling = replacedTokenDetection(logits, replaced, rest);
  const loss = tf.add(tf.mul(guessing, generatorWeight), tf.mul(telling, discriminatorWeight)) as tf.Scalar;
  return { loss, generator: guessing, discriminator: telling };
}

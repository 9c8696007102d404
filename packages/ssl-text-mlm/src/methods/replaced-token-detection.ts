import { electraLoss } from '@selfsup/ssl-losses';
import { childContext, drawKey, parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Parameter, StateDict } from '@selfsup/ssl-nn';
import { stopGradient } from '@selfsup/ssl-tensor';
import {
  checkChoice,
  checkNonNegative,
  checkOptions,
  checkPositive,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { MlmBatch } from '../data/mlm-loader.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { TokenDetector } from '../models/token-detector.js';
import { disentangle, disentangledState, wordParameters } from './disentangled-embeddings.js';
import { labelHits } from './label-hits.js';
import { labelledWeights } from './labelled-weights.js';
import { replaceTokens } from './replace-tokens.js';
import { weightedMean } from './weighted-mean.js';

/** How the word embeddings of generator and discriminator hang together. */
export type EmbeddingSharing = 'tied' | 'none' | 'gradient-disentangled';

/** Options of {@link ReplacedTokenDetection}. */
export interface ReplacedTokenDetectionOptions {
  /**
   * - `tied`: one embedding trains by both losses (ELECTRA); the discriminator is made with the generator's.
   * - `none`: each has its own.
   * - `gradient-disentangled`: the discriminator reads the generator's, through which its loss does not flow, plus a
   *   difference of its own that starts at 0 (DeBERTa-v3). Its word embedding is this difference and is set to 0 where the
   *   first method takes it.
   *
   * Default `tied`.
   */
  readonly sharing?: EmbeddingSharing;
  /** Weight of the discriminator's loss. Default 50. */
  readonly discriminatorWeight?: number;
  /** Temperature of the generator's draws. Default 1. */
  readonly temperature?: number;
}

const optionNames: OptionNames<ReplacedTokenDetectionOptions> = {
  sharing: 'optional',
  discriminatorWeight: 'optionalNumber',
  temperature: 'optionalNumber',
};

/** Defaults of {@link ReplacedTokenDetection}: arXiv:2003.10555, table 6 and section 3.1. */
export const replacedTokenDetectionMethodDefaults = {
  sharing: 'tied',
  discriminatorWeight: 50,
  temperature: 1,
} as const satisfies Required<ReplacedTokenDetectionOptions>;

/**
 * Replaced-token detection: a small masked language model puts words at the masked places, and the encoder that is wanted
 * learns to tell them from the text's own, at every token.
 *
 * `loss = L_MLM(generator) + weight * mean over the tokens of the binary cross-entropy`, in nats. Metrics: `generatorLoss`,
 * `discriminatorLoss`, `maskedAccuracy` of the generator, `replaced` (share of tokens), `detected` (share of the replaced
 * ones that the discriminator finds) and `detectionAccuracy` over all tokens. The batches are `MlmLoader`'s; `[CLS]` and
 * `[SEP]` count as tokens, padding does not. An update of several batches counts each by its masked tokens.
 *
 * Source: Clark et al. 2020, arXiv:2003.10555; He et al. 2021 (DeBERTa-v3), arXiv:2111.09543, section 3.3, which also
 * disentangles embeddings of positions where the input has them; here it is the words' alone.
 */
export class ReplacedTokenDetection implements Method<MlmBatch> {
  readonly name = 'replaced-token-detection';
  readonly settings: RunConfig;
  readonly modules: { readonly generator: MaskedLmModel; readonly discriminator: TokenDetector };
  private readonly options: Required<ReplacedTokenDetectionOptions>;

  /**
   * @throws InvalidOptionError for options out of range, other vocabularies, and models whose embeddings are not shared as
   *   `sharing` says
   */
  constructor(generator: MaskedLmModel, discriminator: TokenDetector, options: ReplacedTokenDetectionOptions = {}) {
    const where = 'ReplacedTokenDetection';
    this.options = {
      ...replacedTokenDetectionMethodDefaults,
      ...checkOptions(where, options, optionNames),
    };
    const { sharing, discriminatorWeight, temperature } = this.options;
    checkChoice(where, 'sharing', sharing, ['tied', 'none', 'gradient-disentangled']);
    checkNonNegative(where, { discriminatorWeight });
    checkPositive(where, { temperature });
    checkModels(where, generator, discriminator);
    const words = discriminator.encoder.config.vocabSize;
    if (words !== generator.config.vocabSize)
      throw new InvalidOptionError(
        where,
        'discriminator',
        `a model with the generator's vocabulary of ${generator.config.vocabSize}`,
        `one of ${words}`,
      );
    if (sharing === 'tied') checkTied(where, generator, discriminator);
    if (sharing === 'gradient-disentangled') disentangle(where, generator.encoder, discriminator.encoder);
    this.settings = { sharing, discriminatorWeight, temperature };
    this.modules = { generator, discriminator };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  loss(batch: Tensors<MlmBatch>, ctx: ForwardContext): MethodLoss {
    const { generator, discriminator } = this.modules;
    const { discriminatorWeight, temperature } = this.options;
    const positions = batch.maskedPositions as tf.Tensor;
    const weights = batch.maskedWeights as tf.Tensor1D;
    const labels = batch.maskedLabels as tf.Tensor1D;
    const logits = generator.forward(batch, positions, childContext(ctx, 'generator'));
    const counted = labelledWeights(weights, labels);
    const { inputIds, replaced } = replaceTokens(
      { inputIds: batch.inputIds, positions, labels, weights: counted, logits },
      temperature,
      drawKey(childContext(ctx, 'replacements'), 'ReplacedTokenDetection'),
    );
    const tokenMask = tf.cast(batch.attentionMask, 'float32') as tf.Tensor2D;
    const scores = discriminator.forward(
      this.discriminatorInputs({ ...batch, inputIds }),
      childContext(ctx, 'discriminator'),
    );
    const losses = electraLoss(
      { logits, labels },
      { logits: scores, replaced, tokenMask },
      {
        discriminatorWeight,
        generator: { weights },
      },
    );
    const found = tf.cast(tf.greater(scores, 0), 'float32');
    const right = tf.cast(tf.equal(found, replaced), 'float32');
    return {
      loss: losses.loss,
      weight: tf.sum(counted),
      metrics: {
        generatorLoss: losses.generator,
        discriminatorLoss: losses.discriminator,
        maskedAccuracy: weightedMean(labelHits(logits, labels), counted),
        replaced: weightedMean(replaced, tokenMask),
        // Of a batch in which nothing was replaced, all was found.
        detected: tf.div(
          tf.add(tf.sum(tf.mul(found, replaced)), tf.cast(tf.equal(tf.sum(replaced), 0), 'float32')),
          tf.maximum(tf.sum(replaced), 1),
        ) as tf.Scalar,
        detectionAccuracy: weightedMean(right, tokenMask),
      },
    };
  }

  /**
   * The discriminator as it computes, for files: under `gradient-disentangled` its word embedding is the sum of both.
   * On a device with memory of its own: `await fetched()` before.
   */
  discriminatorState(): StateDict {
    const { generator, discriminator } = this.modules;
    if (this.options.sharing !== 'gradient-disentangled') return discriminator.stateDict();
    return disentangledState(generator.encoder, discriminator);
  }

  private discriminatorInputs(inputs: BertInputs): BertInputs {
    if (this.options.sharing !== 'gradient-disentangled') return inputs;
    const { generator, discriminator } = this.modules;
    const shared = stopGradient(generator.encoder.wordEmbeddings!.forward(inputs.inputIds));
    const inputsEmbeds = tf.add(shared, discriminator.encoder.wordEmbeddings!.forward(inputs.inputIds));
    return { ...inputs, inputsEmbeds };
  }
}

function checkModels(where: string, generator: MaskedLmModel, discriminator: TokenDetector): void {
  for (const [option, model, kind] of [
    ['generator', generator, 'a masked language model, such as an ElectraForMaskedLM'],
    ['discriminator', discriminator, 'a detector of tokens, such as an ElectraForPreTraining'],
  ] as const)
    if (typeof (model as Partial<TokenDetector> | null)?.encoder?.config !== 'object')
      throw new InvalidOptionError(where, option, kind, model);
}

function checkTied(where: string, generator: MaskedLmModel, discriminator: TokenDetector): void {
  const [ours, theirs] = wordParameters(where, generator.encoder, discriminator.encoder);
  if (ours === theirs) return;
  const advice =
    "Make it with the embeddings of the generator: new ElectraForPreTraining(config, { key, embeddings: generator.electra.embeddings }), or for another family take sharing 'none' or 'gradient-disentangled'";
  throw new InvalidOptionError(
    where,
    'discriminator',
    "a model with the generator's word embedding for sharing 'tied'",
    'one with its own',
    advice,
  );
}

import * as tf from '@tensorflow/tfjs-core';
import { featureStd, l2Normalize, maskedTokenCrossEntropy } from '@selfsup/ssl-losses';
import { childContext, type Encoder, type ForwardContext, type Parameter, parametersOf } from '@selfsup/ssl-nn';
import {
  checkOptions,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import type { Method, MethodLoss, RunConfig, Tensors } from '@selfsup/ssl-train';
import { type BertConfig, bertConfigNames } from '../bert/bert-config.js';
import type { BertInputs } from '../bert/bert-inputs.js';
import { BertModel } from '../bert/bert-model.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import { labelHits } from '../methods/label-hits.js';
import { weightedMean } from '../methods/weighted-mean.js';
import { checkTextEncoder } from '../sentence/check-text-encoder.js';
import { TsdaeDecoder } from './tsdae-decoder.js';
import type { TsdaeBatch } from './tsdae-loader.js';

/** Options of {@link Tsdae}. */
export interface TsdaeOptions {
  /** What is trained: any encoder of texts with one vector for each. The authors pool `cls`. */
  readonly encoder: Encoder<BertInputs>;
  /** Source of the decoder's initial weights. */
  readonly key: RandomKey;
  /** The decoder has the encoder's embeddings and layers too; for a `BertTextEncoder`. Default true. */
  readonly tied?: boolean;
  /** Of a decoder that is not tied. Default: that of the encoder where it is a `BertTextEncoder`. */
  readonly decoder?: BertConfig;
}

const tsdaeOptionNames: OptionNames<TsdaeOptions> = {
  encoder: 'required',
  key: 'requiredKey',
  tied: 'optionalFlag',
  decoder: 'optional',
};

/**
 * Defaults of {@link Tsdae}: encoder and decoder share weights (arXiv 2104.06979, section 3 and appendix). The authors train
 * 100,000 steps of 8 sentences with AdamW at 3e-5, constant, and delete 0.6 of the words.
 */
export const tsdaeDefaults = { tied: true } as const;

/**
 * TSDAE: a text of which tokens were deleted becomes one vector, and from that vector alone a decoder tells the whole text:
 * `loss = -mean log p(token_t | vector, tokens before t)` over the tokens of the whole text behind the first, in nats. What the
 * sentence means has to go through the vector. Keep `modules.encoder`.
 *
 * Metrics: `tokenAccuracy`, share of tokens with the highest score; `embeddingStd`, deviation of the unit-length vectors over
 * the batch, 0 where they have collapsed.
 *
 * Source: Wang et al. 2021, arXiv 2104.06979; arithmetic of `DenoisingAutoEncoderLoss` in sentence-transformers.
 *
 * @example
 * const method = new Tsdae({ encoder: new BertTextEncoder(bert, { pooling: 'cls' }), key: randomKey(1) });
 */
export class Tsdae implements Method<TsdaeBatch> {
  readonly name = 'tsdae';
  readonly settings: RunConfig;
  readonly modules: { readonly encoder: Encoder<BertInputs>; readonly decoder: TsdaeDecoder };

  /** @throws InvalidOptionError for what is no encoder, and for a decoder that cannot be made of what is given */
  constructor(options: TsdaeOptions) {
    const where = 'Tsdae';
    const { encoder, key, tied, decoder } = { ...tsdaeDefaults, ...checkOptions(where, options, tsdaeOptionNames) };
    checkTextEncoder(where, 'encoder', encoder);
    const model = encoder instanceof BertTextEncoder ? encoder.model : undefined;
    const bert = model instanceof BertModel ? model : undefined;
    if (tied && bert === undefined)
      throw new InvalidOptionError(
        where,
        'encoder',
        'a BertTextEncoder of a BertModel where tied is true',
        encoder,
        'Or pass tied: false and a decoder, such as bertConfig({ ... })',
      );
    if (tied && decoder !== undefined)
      throw new InvalidOptionError(where, 'decoder', 'left out where tied is true', decoder);
    const config = decoder ?? bert?.config;
    if (config === undefined)
      throw new InvalidOptionError(where, 'decoder', 'a configuration, such as bertConfig({ ... })', decoder);
    checkOptions(where, config, bertConfigNames, 'decoder');
    this.settings = { tied };
    this.modules = {
      encoder,
      decoder: new TsdaeDecoder(config, { key, vectorDim: encoder.featureDim, ...(tied ? { tied: bert! } : {}) }),
    };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** @throws InvalidOptionError for a batch without whole texts; ShapeError where they are not as many */
  loss(batch: Tensors<TsdaeBatch>, ctx: ForwardContext): MethodLoss {
    const { encoder, decoder } = this.modules;
    const { whole } = batch;
    if (whole === undefined)
      throw new InvalidOptionError('Tsdae', 'batch.whole', 'the whole texts', whole, 'TsdaeLoader gives them');
    const [rows, tokens] = whole.inputIds.shape as [number, number];
    if (whole.inputIds.rank !== 2 || rows !== batch.inputIds.shape[0])
      throw new ShapeError(
        'Tsdae',
        'batch.whole.inputIds',
        `[${batch.inputIds.shape[0]}, tokens]`,
        `[${whole.inputIds.shape.join(', ')}]`,
      );
    const vectors = encoder.forward(batch, childContext(ctx, 'encoder'));
    const part = (x: tf.Tensor, from: number): tf.Tensor => tf.slice(x, [0, from], [rows, tokens - 1]);
    const logits = decoder.forward({ inputIds: part(whole.inputIds, 0) }, vectors, childContext(ctx, 'decoder'));
    const labels = tf.reshape(part(whole.inputIds, 1), [-1]) as tf.Tensor1D;
    const weights = tf.cast(tf.reshape(part(whole.attentionMask, 1), [-1]), 'float32') as tf.Tensor1D;
    return {
      loss: maskedTokenCrossEntropy(logits, labels, { weights }),
      weight: tf.sum(weights),
      metrics: {
        tokenAccuracy: weightedMean(labelHits(logits, labels), weights),
        embeddingStd: featureStd(l2Normalize(vectors)),
      },
    };
  }
}

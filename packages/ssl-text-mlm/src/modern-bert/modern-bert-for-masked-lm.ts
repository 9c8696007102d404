import * as tf from '@tensorflow/tfjs-core';
import { evaluation, type ForwardContext, Module, Parameter, type StateEntries, zeros } from '@selfsup/ssl-nn';
import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import { type MaskedLmOptions, maskedLmOptionNames } from '../models/encoder-for-masked-lm.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { checkTiedDecoder } from '../models/tied-decoder.js';
import { type ModernBertConfig, modernBertConfigNames } from './modern-bert-config.js';
import type { ModernBertInputs } from './modern-bert-inputs.js';
import { ModernBertModel } from './modern-bert-model.js';
import { modernBertNormal, outDeviation } from './modern-bert-parts.js';
import { ModernBertPredictionHead } from './modern-bert-prediction-head.js';

const words = 'model.embeddings.tok_embeddings.weight';
const decoder = 'decoder.weight';

/**
 * ModernBERT with the masked-language-modelling head, whose output matrix is the word embedding, or one of its own with
 * `tieWordEmbeddings: false`.
 *
 * State names are those of transformers' `ModernBertForMaskedLM`; as there, a saved file holds the tied matrix once.
 */
export class ModernBertForMaskedLM extends Module implements MaskedLmModel {
  static override readonly fieldNames = { decoderWeight: decoder, decoderBias: 'decoder.bias' };
  readonly model: ModernBertModel;
  readonly head: ModernBertPredictionHead;
  /** `[vocabulary, hidden]`: the word embedding itself, unless the configuration unties them. */
  readonly decoderWeight: Parameter;
  readonly decoderBias?: Parameter;

  /** @throws InvalidOptionError for options */
  constructor(config: ModernBertConfig, options: MaskedLmOptions) {
    super();
    checkOptions('ModernBertForMaskedLM', config, modernBertConfigNames, 'config');
    const { key } = checkOptions('ModernBertForMaskedLM', options, maskedLmOptionNames);
    this.model = new ModernBertModel(config, { key: foldIn(key, 'model') });
    this.head = new ModernBertPredictionHead(config, foldIn(key, 'head'));
    const { vocabSize, hiddenSize, tieWordEmbeddings, decoderBias } = config;
    const own = foldIn(key, 'decoder');
    this.decoderWeight = tieWordEmbeddings
      ? this.model.embeddings.tokenEmbeddings.weight
      : new Parameter(modernBertNormal(config, outDeviation(config))([vocabSize, hiddenSize], own));
    if (decoderBias) this.decoderBias = new Parameter(zeros([vocabSize], own));
  }

  get config(): ModernBertConfig {
    return this.model.config;
  }

  get encoder(): ModernBertModel {
    return this.model;
  }

  /**
   * Scores of all words at some positions. The head is the dearest part of a small model, so give the positions.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns logits `[n, vocabulary]`
   */
  forward(inputs: ModernBertInputs, positions?: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.scoresOf(this.model.forwardFlat(inputs, ctx, positions as tf.Tensor1D | undefined));
  }

  /** Scores of all words of the encoder's rows, `[n, hidden]` to `[n, vocabulary]`. */
  scoresOf(rows: tf.Tensor2D): tf.Tensor2D {
    const heads = this.head.forward(rows);
    const products: tf.Tensor2D = tf.matMul(
      heads,
      this.decoderWeight.variable as tf.Tensor as tf.Tensor2D,
      false,
      true,
    );
    if (this.decoderBias === undefined) return products;
    return tf.add(products, this.decoderBias.variable);
  }

  /** @throws CheckpointError for a file whose decoder is not the word embedding if the model's is */
  protected override upgradeStateDict(state: StateEntries): void {
    if (this.config.tieWordEmbeddings) checkTiedDecoder(state, words, decoder);
  }
}

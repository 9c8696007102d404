import type * as tf from '@tensorflow/tfjs-core';
import { evaluation, type ForwardContext, Module, sameValues, type StateEntries } from '@selfsup/ssl-nn';
import { checkOptions, CheckpointError, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import { type BertConfig, bertConfigNames } from './bert-config.js';
import type { BertInputs } from './bert-inputs.js';
import { BertModel } from './bert-model.js';
import { BertPredictionHead } from './bert-prediction-head.js';
import { ignoreNextSentence } from './other-bert-names.js';

const words = 'bert.embeddings.word_embeddings.weight';
const decoder = 'cls.predictions.decoder.weight';
const bias = 'cls.predictions.bias';
const decoderBias = 'cls.predictions.decoder.bias';

/** Options of {@link BertForMaskedLM}. */
export interface MaskedLmOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
}

const maskedLmOptionNames: OptionNames<MaskedLmOptions> = { key: 'requiredKey' };

/**
 * BERT with the masked-language-modelling head, whose output matrix is the word embedding, or one of its own with
 * `tieWordEmbeddings: false`.
 *
 * State names are those of Hugging Face's `BertForMaskedLM`; as there, a saved file holds the tied tensors once.
 */
export class BertForMaskedLM extends Module implements MaskedLmModel {
  static override readonly fieldNames = { head: 'cls.predictions' };
  readonly bert: BertModel;
  readonly head: BertPredictionHead;

  /** @throws InvalidOptionError for options */
  constructor(config: BertConfig, options: MaskedLmOptions) {
    super();
    checkOptions('BertForMaskedLM', config, bertConfigNames, 'config');
    checkOptions('BertForMaskedLM', options, maskedLmOptionNames);
    this.bert = new BertModel(config, { key: foldIn(options.key, 'bert') });
    this.head = new BertPredictionHead(
      config,
      this.bert.embeddings.wordEmbeddings.weight,
      foldIn(options.key, 'predictions'),
    );
  }

  get config(): BertConfig {
    return this.bert.config;
  }

  get encoder(): BertModel {
    return this.bert;
  }

  /**
   * Scores of all words at some positions. The head is the dearest part of a small BERT, so give the positions.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns logits `[n, vocabulary]`
   */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.head.forward(this.bert.forwardFlat(inputs, ctx, positions as tf.Tensor1D | undefined));
  }

  /** Without tying the bias has both of its names, as transformers reads the decoder's. */
  protected override completeStateDict(state: StateEntries): void {
    const own = state.get(bias);
    if (!this.config.tieWordEmbeddings && own !== undefined) state.set(decoderBias, own);
  }

  /**
   * A next-sentence head of the file is reported as ignored.
   *
   * @throws CheckpointError for a file whose decoder is not the word embedding if the model's is
   */
  protected override upgradeStateDict(state: StateEntries): void {
    ignoreNextSentence(state);
    if (this.config.tieWordEmbeddings) {
      checkTied(state);
      return;
    }
    const [ours, decoders] = [state.get(bias), state.get(decoderBias)];
    if (ours !== undefined && decoders !== undefined && !sameValues(ours, decoders))
      state.ignore(bias, 'the decoder has a bias of its own, and transformers computes with that');
  }
}

function checkTied(state: StateEntries): void {
  const [embedding, matrix] = [state.get(words), state.get(decoder)];
  if (embedding === undefined || matrix === undefined || sameValues(embedding, matrix)) return;
  const name = state.fullName(decoder);
  throw new CheckpointError(
    `'${name}' differs from '${state.fullName(words)}', so the head of this file is not tied; build the model with bertConfig({ ..., tieWordEmbeddings: false }) to compute with both, or delete '${name}' from the state dict to use the embedding for both`,
    { parameter: name },
  );
}

import type * as tf from '@tensorflow/tfjs-core';
import { evaluation, type ForwardContext, Module, sameValues, type StateEntries } from '@selfsup/ssl-nn';
import type { OptionNames, RandomKey } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import type { MaskedLmModel } from './masked-lm-model.js';
import type { PredictionHead } from './prediction-head.js';
import type { TextModel, TextModelConfig } from './text-model.js';
import { checkTiedDecoder } from './tied-decoder.js';

/** Options of a masked language model. */
export interface MaskedLmOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
}

/** Names of {@link MaskedLmOptions}. */
export const maskedLmOptionNames: OptionNames<MaskedLmOptions> = { key: 'requiredKey' };

/** What a model with a prediction head reads of its configuration. */
export interface MaskedLmConfig extends TextModelConfig {
  readonly tieWordEmbeddings: boolean;
}

/** The names that a family's files have for the head's output layer. */
export interface OutputNames {
  readonly weight: string;
  readonly bias: string;
  /** The bias again, where the head has it beside the output layer's, as BERT's and RoBERTa's. */
  readonly decoderBias?: string;
}

/**
 * An encoder with a head that scores words, whose output matrix is the word embedding, or one of its own with
 * `tieWordEmbeddings: false`. Families differ in their parts and the names of these.
 */
export abstract class EncoderForMaskedLM extends Module implements MaskedLmModel {
  abstract readonly encoder: TextModel;
  abstract readonly head: PredictionHead;
  abstract readonly config: MaskedLmConfig;
  protected abstract readonly outputNames: OutputNames;

  /**
   * Scores of all words at some positions. The head is the dearest part of a small encoder, so give the positions.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns logits `[n, vocabulary]`
   */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.scoresOf(this.encoder.forwardFlat(inputs, ctx, positions as tf.Tensor1D | undefined));
  }

  /** Scores of all words of the encoder's rows, `[n, hidden]` to `[n, vocabulary]`. */
  scoresOf(rows: tf.Tensor2D): tf.Tensor2D {
    return this.head.forward(rows);
  }

  /** Without tying the bias has both of its names, as transformers reads the decoder's. */
  protected override completeStateDict(state: StateEntries): void {
    const { bias, decoderBias } = this.outputNames;
    const own = state.get(bias);
    if (!this.config.tieWordEmbeddings && own !== undefined && decoderBias !== undefined) state.set(decoderBias, own);
  }

  /** @throws CheckpointError for a file whose decoder is not the word embedding if the model's is */
  protected override upgradeStateDict(state: StateEntries): void {
    if (this.config.tieWordEmbeddings) {
      checkTiedDecoder(state, `${this.encoder.baseName}.embeddings.word_embeddings.weight`, this.outputNames.weight);
      return;
    }
    const { bias, decoderBias } = this.outputNames;
    if (decoderBias === undefined) return;
    const [ours, decoders] = [state.get(bias), state.get(decoderBias)];
    if (ours !== undefined && decoders !== undefined && !sameValues(ours, decoders))
      state.ignore(bias, 'the decoder has a bias of its own, and transformers computes with that');
  }
}

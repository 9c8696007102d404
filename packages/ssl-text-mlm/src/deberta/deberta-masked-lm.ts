import type * as tf from '@tensorflow/tfjs-core';
import { evaluation, type ForwardContext, Module, type StateEntries } from '@selfsup/ssl-nn';
import {
  CheckpointError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';
import { ignoreBelow } from '../bert/other-bert-names.js';
import type { MaskedLmModel } from '../models/masked-lm-model.js';
import type { DebertaConfig } from './deberta-config.js';
import type { DebertaEncoder, DebertaModelOptions } from './deberta-encoder.js';
import { DebertaPredictionHead, LegacyDebertaPredictionHead } from './deberta-prediction-head.js';

/** Options of `DebertaForMaskedLM` and `DebertaV2ForMaskedLM`. */
export interface DebertaMaskedLmOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  /**
   * Give the head what the enhanced mask decoder makes of the tokens and their absolute positions, as Microsoft pretrains,
   * and not the last layer's output, as transformers does. Default false.
   */
  readonly enhancedMaskDecoder?: boolean;
}

/** Names of {@link DebertaMaskedLmOptions}. */
export const debertaMaskedLmOptionNames: OptionNames<DebertaMaskedLmOptions> = {
  key: 'requiredKey',
  enhancedMaskDecoder: 'optionalFlag',
};

/** The common part of `DebertaForMaskedLM` and `DebertaV2ForMaskedLM`. */
export abstract class DebertaMaskedLm<C extends DebertaConfig> extends Module implements MaskedLmModel {
  static override readonly fieldNames = { legacyHead: 'cls.predictions', head: 'lm_predictions.lm_head' };
  readonly deberta: DebertaEncoder<C>;
  /** Where the configuration is `legacy`. */
  readonly legacyHead?: LegacyDebertaPredictionHead;
  /** Where it is not. */
  readonly head?: DebertaPredictionHead;
  readonly enhancedMaskDecoder: boolean;

  protected constructor(
    where: string,
    config: C,
    { key, enhancedMaskDecoder = false }: DebertaMaskedLmOptions,
    encoder: (options: DebertaModelOptions) => DebertaEncoder<C>,
  ) {
    super();
    const { embeddingSize, hiddenSize, legacy } = config;
    if (enhancedMaskDecoder && config.positionBiasedInput)
      throw new InvalidOptionError(
        where,
        'enhancedMaskDecoder',
        'false where positionBiasedInput is true: positions are in the input then, and Microsoft computes no decoder',
        true,
      );
    if (embeddingSize !== hiddenSize && (enhancedMaskDecoder || !legacy)) {
      const cause = enhancedMaskDecoder ? 'the enhanced mask decoder adds positions to tokens' : 'legacy is false';
      const expected = `the hiddenSize (${hiddenSize}), because ${cause}`;
      throw new InvalidOptionError(where, 'config.embeddingSize', expected, embeddingSize);
    }
    this.enhancedMaskDecoder = enhancedMaskDecoder;
    this.deberta = encoder({ key: foldIn(key, 'deberta'), absolutePositions: enhancedMaskDecoder });
    const words = this.deberta.embeddings.wordEmbeddings.weight;
    const own = foldIn(key, 'predictions');
    if (legacy) this.legacyHead = new LegacyDebertaPredictionHead(config, words, own);
    else this.head = new DebertaPredictionHead(config, words, own);
  }

  get config(): C {
    return this.deberta.config;
  }

  get encoder(): DebertaEncoder<C> {
    return this.deberta;
  }

  /**
   * Scores of all words at some positions. The head is dear in a small model of many words, so give the positions.
   *
   * @param positions int32 `[n]`, flat indices into `batch * tokens`. Default: all
   * @returns logits `[n, vocabulary]`
   * @throws ShapeError if the inputs are not `[batch, tokens]` or too long
   */
  forward(inputs: BertInputs, positions?: tf.Tensor, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const rows = positions as tf.Tensor1D | undefined;
    if (this.enhancedMaskDecoder) return this.ownHead.forward(this.deberta.decodeMasked(inputs, ctx, rows));
    return this.scoresOf(this.deberta.forwardFlat(inputs, ctx, rows));
  }

  /**
   * Scores of all words of the encoder's rows, `[n, hidden]` to `[n, vocabulary]`.
   *
   * @throws InvalidOptionError with the enhanced mask decoder, which the head reads in place of these rows
   */
  scoresOf(rows: tf.Tensor2D): tf.Tensor2D {
    if (!this.enhancedMaskDecoder) return this.ownHead.forward(rows);
    const advice = 'Make the model without it, or train masked tokens alone with MaskedLanguageModelling';
    const where = `${this.constructor.name}.scoresOf`;
    throw new InvalidOptionError(where, 'enhancedMaskDecoder', 'false where others read the rows too', true, advice);
  }

  private get ownHead(): DebertaPredictionHead | LegacyDebertaPredictionHead {
    return (this.head ?? this.legacyHead)!;
  }

  /**
   * Reports the heads of a file that this model does not have as ignored.
   *
   * @throws CheckpointError for a file whose head for masked tokens has the names of the other kind
   */
  protected override upgradeStateDict(state: StateEntries): void {
    checkHeadNames(state, this.config.legacy);
    ignoreBelow(state, 'mask_predictions.', 'the head for replaced tokens, which this model does not have');
    ignoreBelow(state, 'pooler.', 'the pooler, which this model does not have');
    ignoreBelow(state, 'classifier.', 'the classifier, which this model does not have');
  }
}

const [legacyStart, start] = ['cls.predictions.', 'lm_predictions.lm_head.'];

/** Released files have Microsoft's names while their config.json says nothing, which transformers takes for legacy. */
function checkHeadNames(state: StateEntries, legacy: boolean): void {
  const has = (prefix: string): boolean => state.names().some((name) => name.startsWith(prefix));
  const [own, other] = legacy ? [legacyStart, start] : [start, legacyStart];
  if (has(own) || !has(other)) return;
  throw new CheckpointError(
    `the head for masked tokens is under '${state.fullName(other)}' in this file, and '${state.fullName(own)}' in the model: build it with { ...config, legacy: ${!legacy} }, or write "legacy": ${!legacy} into config.json`,
    { parameter: state.fullName(other) },
  );
}

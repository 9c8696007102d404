import { childContext, evaluation, type ForwardContext } from '@selfsup/ssl-nn';
import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';
import { checkHeadOptions, EncoderWithHead, type TextHeadOptions, textHeadOptionNames } from './encoder-with-head.js';
import { linearHead, type SequenceHead, sequenceHeads } from './sequence-heads.js';

/** Options of {@link TextForSequenceClassification}. */
export interface TextSequenceClassifierOptions extends TextHeadOptions {
  /**
   * `cls`: the first token, or the pooler's of it where the encoder has one, as transformers does it. `mean`: over the
   * tokens, the better start where pretraining trained no first token. Default `cls` for the families with a head of their
   * own on it (RoBERTa, ELECTRA, DistilBERT, DeBERTa) and for encoders with a pooler, otherwise `mean`.
   */
  readonly pooling?: 'mean' | 'cls';
}

const optionNames: OptionNames<TextSequenceClassifierOptions> = { ...textHeadOptionNames, pooling: 'optional' };

/**
 * An encoder of any family with scores for a text or a pair of texts: classes (`SequenceClassification`), several labels at
 * once (`MultiLabelClassification`) or numbers (`SequenceRegression`).
 *
 * With `cls`, state names and arithmetic are those of transformers' `RobertaForSequenceClassification`,
 * `ElectraForSequenceClassification`, `DistilBertForSequenceClassification`, `DebertaForSequenceClassification`,
 * `DebertaV2ForSequenceClassification`, and with a pooler `BertForSequenceClassification`.
 */
export class TextForSequenceClassification extends EncoderWithHead implements SequenceClassifierModel {
  static override readonly fieldNames = { head: '' };
  readonly head: SequenceHead;
  readonly numLabels: number;
  readonly pooling: 'mean' | 'cls';

  /** @throws InvalidOptionError for what is no encoder, and options out of range */
  constructor(encoder: TextModel, options: TextSequenceClassifierOptions) {
    const where = 'TextForSequenceClassification';
    checkTextModel(where, encoder);
    const { config, baseName } = encoder;
    const own = sequenceHeads.get(baseName);
    const isOfFirst = own !== undefined || encoder.poolerDense !== undefined;
    const { pooling = isOfFirst ? 'cls' : 'mean', ...rest } = checkOptions(where, options, optionNames);
    checkChoice(where, 'pooling', pooling, ['mean', 'cls']);
    const configured = config.seqClassifDropout ?? config.classifierDropout ?? config.hiddenDropout ?? 0;
    const { key, numLabels, classifierDropout } = checkHeadOptions(where, encoder, rest, configured);
    super(where, encoder);
    this.numLabels = numLabels;
    this.pooling = pooling;
    const sizes = {
      hiddenSize: encoder.tokenDim,
      numLabels,
      initializerRange: config.initializerRange,
      dropout: classifierDropout,
    };
    this.head = (own ?? linearHead)(sizes, key, encoder);
  }

  /** Pooled features, `[batch, hidden]`. */
  features(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const isPooler =
      this.pooling === 'cls' && this.encoder.poolerDense !== undefined && !sequenceHeads.has(this.encoder.baseName);
    const pooling = isPooler ? 'pooler' : this.pooling;
    return new BertTextEncoder(this.encoder, { pooling }).forward(inputs, ctx);
  }

  /** @returns logits `[batch, numLabels]` */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.head.forward(this.features(inputs, childContext(ctx, 'encoder')), childContext(ctx, 'head'));
  }
}

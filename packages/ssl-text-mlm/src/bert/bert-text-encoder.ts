import * as tf from '@tensorflow/tfjs-core';
import {
  checkParameterName,
  childContext,
  type Encoder,
  evaluation,
  type ForwardContext,
  type Layered,
  Module,
} from '@selfsup/ssl-nn';
import { checkChoice, checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTextModel, type TextModel } from '../models/text-model.js';
import type { BertInputs } from './bert-inputs.js';
import { checkOneTextEach } from './check-one-text-each.js';
import { meanPool } from './mean-pool.js';

/** Options of {@link BertTextEncoder}. */
export interface BertTextEncoderOptions {
  /** `mean` over the tokens; `cls`: the first one; `pooler`: what the model's pooler makes of it. Default `mean`. */
  readonly pooling?: 'mean' | 'cls' | 'pooler';
}

const bertTextEncoderOptionNames: OptionNames<BertTextEncoderOptions> = { pooling: 'optional' };

/**
 * An encoder, BERT or one of another family, whose result for a text is one vector: what contrastive methods, search and
 * probes want. State names are those of transformers' models with a head: `bert.embeddings...`, `roberta.embeddings...`.
 */
export class BertTextEncoder extends Module implements Encoder<BertInputs>, Layered {
  static override readonly fieldNames = { base: '' };
  readonly pooling: 'mean' | 'cls' | 'pooler';

  private readonly base: Readonly<Record<string, TextModel>>;

  /** @throws InvalidOptionError for what is no encoder of texts, an unknown pooling, and `pooler` where the model has none */
  constructor(model: TextModel, options: BertTextEncoderOptions = {}) {
    super();
    const where = 'BertTextEncoder';
    const { pooling = 'mean' } = checkOptions(where, options, bertTextEncoderOptionNames);
    checkTextModel(where, model);
    checkChoice(where, 'pooling', pooling, ['mean', 'cls', 'pooler']);
    if (pooling === 'pooler' && model.poolerDense === undefined) {
      const advice = 'Make the model with pooler: true';
      throw new InvalidOptionError(where, 'pooling', "'mean' or 'cls' for a model without pooler", pooling, advice);
    }
    this.base = { [model.baseName]: model };
    this.pooling = pooling;
  }

  /** The encoder itself. */
  get model(): TextModel {
    return Object.values(this.base)[0]!;
  }

  get featureDim(): number {
    return this.model.config.hiddenSize;
  }

  get layerCount(): number {
    return this.model.layerCount;
  }

  /** As the model's. */
  layerOf(name: string): number {
    checkParameterName('BertTextEncoder.layerOf', this, name);
    return this.model.layerOf(name.slice(this.model.baseName.length + 1));
  }

  /**
   * @returns float32 `[batch, featureDim]`
   * @throws ShapeError as the encoder's `forward`; InvalidOptionError for packed rows, which hold several texts
   */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { model, pooling } = this;
    checkOneTextEach('BertTextEncoder.forward', inputs);
    const own = childContext(ctx, 'bert');
    if (pooling === 'mean') return meanPool(model.forward(inputs, own), inputs.attentionMask);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const first = model.forwardFlat(inputs, own, tf.range(0, batch * tokens, tokens, 'int32'));
    return pooling === 'cls' ? first : tf.tanh(model.poolerDense!.forward(first));
  }
}

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
import type { BertInputs } from './bert-inputs.js';
import { BertModel } from './bert-model.js';
import { meanPool } from './mean-pool.js';

/** Options of {@link BertTextEncoder}. */
export interface BertTextEncoderOptions {
  /** `mean` over the tokens; `cls`: the first one; `pooler`: what the model's pooler makes of it. Default `mean`. */
  readonly pooling?: 'mean' | 'cls' | 'pooler';
}

const bertTextEncoderOptionNames: OptionNames<BertTextEncoderOptions> = { pooling: 'optional' };

/** A BERT whose result for a text is one vector: what contrastive methods, search and probes want. */
export class BertTextEncoder extends Module implements Encoder<BertInputs>, Layered {
  readonly bert: BertModel;
  readonly pooling: 'mean' | 'cls' | 'pooler';

  /** @throws InvalidOptionError for what is no BertModel, an unknown pooling, and `pooler` where the model has none */
  constructor(bert: BertModel, options: BertTextEncoderOptions = {}) {
    super();
    const where = 'BertTextEncoder';
    const { pooling = 'mean' } = checkOptions(where, options, bertTextEncoderOptionNames);
    if (!(bert instanceof BertModel)) {
      const advice = 'Such as new BertModel(config, { key: randomKey(1) }), or the bert of a BertForMaskedLM';
      throw new InvalidOptionError(where, 'bert', 'a BertModel', bert, advice);
    }
    checkChoice(where, 'pooling', pooling, ['mean', 'cls', 'pooler']);
    if (pooling === 'pooler' && bert.poolerDense === undefined) {
      const advice = 'Make the model with pooler: true';
      throw new InvalidOptionError(where, 'pooling', "'mean' or 'cls' for a model without pooler", pooling, advice);
    }
    this.bert = bert;
    this.pooling = pooling;
  }

  get featureDim(): number {
    return this.bert.config.hiddenSize;
  }

  get layerCount(): number {
    return this.bert.layerCount;
  }

  /** As the model's. */
  layerOf(name: string): number {
    checkParameterName('BertTextEncoder.layerOf', this, name);
    return this.bert.layerOf(name.slice('bert.'.length));
  }

  /**
   * @returns float32 `[batch, featureDim]`
   * @throws ShapeError as `BertModel.forward`
   */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { bert, pooling } = this;
    const own = childContext(ctx, 'bert');
    if (pooling === 'mean') return meanPool(bert.forward(inputs, own), inputs.attentionMask);
    const [batch, tokens] = inputs.inputIds.shape as [number, number];
    const first = bert.forwardFlat(inputs, own, tf.range(0, batch * tokens, tokens, 'int32'));
    return pooling === 'cls' ? first : tf.tanh(bert.poolerDense!.forward(first));
  }
}

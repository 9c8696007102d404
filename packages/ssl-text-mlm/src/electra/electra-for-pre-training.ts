import { evaluation, type ForwardContext, type Linear, Module } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import type { TokenDetector } from '../models/token-detector.js';
import { type ElectraConfig, electraConfigNames } from './electra-config.js';
import { ElectraModel, type ElectraModelOptions, electraModelOptionNames } from './electra-model.js';

/**
 * ELECTRA's discriminator: of each token, whether it was replaced. State names are those of Hugging Face's
 * `ElectraForPreTraining`.
 *
 * Source: Clark et al. 2020, arXiv:2003.10555.
 */
export class ElectraForPreTraining extends Module implements TokenDetector {
  static override readonly fieldNames = {
    dense: 'discriminator_predictions.dense',
    prediction: 'discriminator_predictions.dense_prediction',
  };
  readonly electra: ElectraModel;
  readonly dense: Linear;
  readonly prediction: Linear;

  /** @throws InvalidOptionError as {@link ElectraModel} */
  constructor(config: ElectraConfig, options: ElectraModelOptions) {
    super();
    checkOptions('ElectraForPreTraining', config, electraConfigNames, 'config');
    const { key, ...rest } = checkOptions('ElectraForPreTraining', options, electraModelOptionNames);
    this.electra = new ElectraModel(config, { ...rest, key: foldIn(key, 'electra') });
    this.dense = gaussianLinear(config.hiddenSize, config.hiddenSize, config, foldIn(key, 'dense'));
    this.prediction = gaussianLinear(config.hiddenSize, 1, config, foldIn(key, 'prediction'));
  }

  get config(): ElectraConfig {
    return this.electra.config;
  }

  get encoder(): ElectraModel {
    return this.electra;
  }

  /** @returns logits `[batch, tokens]`, above 0 = replaced */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const hidden = gelu(this.dense.forward(this.electra.forwardFlat(inputs, ctx)));
    return tf.reshape(this.prediction.forward(hidden), inputs.inputIds.shape as [number, number]);
  }
}

import { childContext, evaluation, type ForwardContext, type Linear } from '@selfsup/ssl-nn';
import { gelu } from '@selfsup/ssl-tensor';
import { checkOptions, foldIn, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import * as tf from '@tensorflow/tfjs-core';
import type { BertInputs } from '../bert/bert-inputs.js';
import { gaussianLinear } from '../models/post-norm-layer.js';
import { checkTextModel, type TextModel } from '../models/text-model.js';
import type { TokenDetector } from '../models/token-detector.js';
import { EncoderWithHead } from './encoder-with-head.js';

/** Options of {@link TextForTokenDetection}. */
export interface TokenDetectionOptions {
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
}

const optionNames: OptionNames<TokenDetectionOptions> = { key: 'requiredKey' };

/**
 * An encoder of any family that tells of each token whether it was replaced: the discriminator of `ReplacedTokenDetection`.
 * Its head is ELECTRA's and has the names of transformers' `ElectraForPreTraining`; of an ELECTRA it is that model.
 *
 * @example
 * const discriminator = new TextForTokenDetection(new DebertaV2Model(config, { key }), { key });
 * new ReplacedTokenDetection(generator, discriminator, { sharing: 'gradient-disentangled' }); // DeBERTa-v3
 */
export class TextForTokenDetection extends EncoderWithHead implements TokenDetector {
  static override readonly fieldNames = {
    ...EncoderWithHead.fieldNames,
    dense: 'discriminator_predictions.dense',
    prediction: 'discriminator_predictions.dense_prediction',
  };
  readonly dense: Linear;
  readonly prediction: Linear;

  /** @throws InvalidOptionError for what is no encoder */
  constructor(encoder: TextModel, options: TokenDetectionOptions) {
    const where = 'TextForTokenDetection';
    checkTextModel(where, encoder);
    const { key } = checkOptions(where, options, optionNames);
    super(where, encoder);
    const { tokenDim, config } = encoder;
    this.dense = gaussianLinear(tokenDim, tokenDim, config, foldIn(key, 'dense'));
    this.prediction = gaussianLinear(tokenDim, 1, config, foldIn(key, 'prediction'));
  }

  /** @returns logits `[batch, tokens]`, above 0 = replaced */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const rows = this.encoder.forwardFlat(inputs, childContext(ctx, 'encoder'));
    return tf.reshape(
      this.prediction.forward(gelu(this.dense.forward(rows))),
      inputs.inputIds.shape as [number, number],
    );
  }
}

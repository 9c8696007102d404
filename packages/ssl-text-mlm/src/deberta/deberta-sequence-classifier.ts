import * as tf from '@tensorflow/tfjs-core';
import {
  childContext,
  evaluation,
  type ForwardContext,
  Linear,
  type LoadStateResult,
  Module,
  normal,
  type StateEntries,
  zeros,
} from '@selfsup/ssl-nn';
import { checkCount, checkRate, foldIn, type NdArray, type OptionNames, type RandomKey } from '@selfsup/ssl-tensor/host';
import { bertDropout } from '../bert/bert-dropout.js';
import type { BertConfig } from '../bert/bert-config.js';
import { type BertInputs, checkBertInputs } from '../bert/bert-inputs.js';
import { ignoreBelow } from '../bert/other-bert-names.js';
import type { SequenceClassifierModel } from '../models/sequence-classifier-model.js';
import { ContextPooler } from './context-pooler.js';
import type { DebertaConfig } from './deberta-config.js';
import type { DebertaEncoder, DebertaModelOptions } from './deberta-encoder.js';

/** Options of `DebertaForSequenceClassification` and `DebertaV2ForSequenceClassification`. */
export interface DebertaClassifierOptions {
  /** Source of the initial weights. */
  readonly key: RandomKey;
  readonly numLabels: number;
  /** Dropout before the classifier. Default the configuration's `classifierDropout`, or its `hiddenDropout`. */
  readonly classifierDropout?: number;
}

/** Names of {@link DebertaClassifierOptions}. */
export const debertaClassifierOptionNames: OptionNames<DebertaClassifierOptions> = {
  key: 'requiredKey',
  numLabels: 'requiredNumber',
  classifierDropout: 'optionalNumber',
};

/** The common part of `DebertaForSequenceClassification` and `DebertaV2ForSequenceClassification`. */
export abstract class DebertaSequenceClassifier<C extends DebertaConfig>
  extends Module
  implements SequenceClassifierModel
{
  readonly deberta: DebertaEncoder<C>;
  readonly pooler: ContextPooler;
  readonly classifier: Linear;
  readonly numLabels: number;
  private readonly dropout: number;

  protected constructor(
    where: string,
    config: C,
    options: DebertaClassifierOptions,
    encoder: (options: DebertaModelOptions) => DebertaEncoder<C>,
  ) {
    super();
    const { key, numLabels, classifierDropout = config.classifierDropout ?? config.hiddenDropout } = options;
    checkCount(where, { numLabels });
    checkRate(where, { classifierDropout });
    this.numLabels = numLabels;
    this.dropout = classifierDropout;
    this.deberta = encoder({ key: foldIn(key, 'deberta') });
    this.pooler = new ContextPooler(config, foldIn(key, 'pooler'));
    this.classifier = new Linear(config.hiddenSize, numLabels, {
      key: foldIn(key, 'classifier'),
      weightInit: normal(config.initializerRange),
      biasInit: zeros,
    });
  }

  get config(): C {
    return this.deberta.config;
  }

  get encoder(): DebertaEncoder<C> {
    return this.deberta;
  }

  /** Pooled features, `[batch, hidden]`. */
  features(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const { batch, tokens } = checkBertInputs(inputs, this.config as unknown as BertConfig);
    const first = tf.range(0, batch * tokens, tokens, 'int32');
    return this.pooler.forward(this.deberta.forwardFlat(inputs, ctx, first), childContext(ctx, 'pooler'));
  }

  /**
   * @returns logits `[batch, numLabels]`
   * @throws ShapeError if the inputs are not `[batch, tokens]` or too long
   */
  forward(inputs: BertInputs, ctx: ForwardContext = evaluation): tf.Tensor2D {
    const features = this.features(inputs, ctx);
    return this.classifier.forward(bertDropout(features, this.dropout, childContext(ctx, 'classifier')));
  }

  /**
   * Takes the encoder's weights from a state dict of a pretrained model, such as a `DebertaV2ForMaskedLM`'s; pooler and
   * classifier stay as they are.
   *
   * @param state with names under `deberta.`
   * @returns what of the state dict is not in the encoder, with the reason
   * @throws CheckpointError if the encoder does not fit
   */
  loadEncoder(state: ReadonlyMap<string, NdArray>): LoadStateResult {
    const prefix = `${this.deberta.baseName}.`;
    const below = [...state].filter(([name]) => name.startsWith(prefix));
    const loaded = this.deberta.loadStateDict(new Map(below.map(([name, array]) => [name.slice(prefix.length), array])));
    const ignored = new Map([...loaded.ignored].map(([name, reason]) => [prefix + name, reason]));
    for (const name of state.keys()) if (!name.startsWith(prefix)) ignored.set(name, 'not in the encoder');
    return { ...loaded, ignored };
  }

  /** Reports the heads of a file that this model does not have as ignored. */
  protected override upgradeStateDict(state: StateEntries): void {
    for (const head of ['cls.predictions.', 'lm_predictions.', 'mask_predictions.'])
      ignoreBelow(state, head, 'a head of pretraining, which this model does not have');
  }
}

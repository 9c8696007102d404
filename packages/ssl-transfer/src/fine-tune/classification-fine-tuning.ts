import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy, softmaxCrossEntropyDefaults } from '@selfsup/ssl-losses';
import { parametersOf } from '@selfsup/ssl-nn';
import type { ForwardContext, Module, Parameter } from '@selfsup/ssl-nn';
import { checkChoice, InvalidOptionError, noLabel } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import type { Method, MethodLoss, ParameterGroup, RunConfig, Tensors } from '@selfsup/ssl-train';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Classifier } from './classifier.js';

/** The other label that {@link softmaxCrossEntropy} leaves out. */
const { ignoreIndex } = softmaxCrossEntropyDefaults;

/** A batch with classes. */
export interface LabelledBatch<B> {
  readonly inputs: B;
  /** int32 `[batch]`, -1 = no label */
  readonly labels: NdArray<Int32Array>;
}

/** Options of {@link ClassificationFineTuning}. */
export interface ClassificationFineTuningOptions {
  /**
   * How the backbone runs while it trains. `training`: batch normalisation by the batch's statistics, dropout on.
   * `evaluation`: by the pretrained running statistics, which then stay as they are, dropout off; steadier with few
   * labels or small batches. Default `training`.
   */
  readonly backboneMode?: 'training' | 'evaluation';
}

const classificationFineTuningOptionNames: OptionNames<ClassificationFineTuningOptions> = {
  backboneMode: 'optional',
};

/**
 * Training of a {@link Classifier} by cross-entropy. Metric `accuracy`: share of right predictions among the labels of the
 * batch.
 *
 * Samples of -1, 'no label', count in neither. A label beyond the classifier's classes, or a batch without any label, makes
 * the loss NaN, so that the Trainer stops.
 */
export class ClassificationFineTuning<B> implements Method<LabelledBatch<B>> {
  readonly name = 'classification-fine-tuning';
  readonly settings: RunConfig;
  readonly modules: { readonly backbone: Module; readonly head: Module };
  readonly #classifier: Classifier<B>;
  readonly #backboneMode: 'training' | 'evaluation';

  constructor(classifier: Classifier<B>, options: ClassificationFineTuningOptions = {}) {
    if (typeof (classifier as Classifier<B> | undefined)?.namedParameters !== 'function')
      throw new InvalidOptionError('ClassificationFineTuning', 'classifier', 'a Classifier', classifier);
    const { backboneMode = 'training' } = checkOptions(
      'ClassificationFineTuning',
      options,
      classificationFineTuningOptionNames,
    );
    checkChoice('ClassificationFineTuning', 'backboneMode', backboneMode, ['training', 'evaluation']);
    this.#classifier = classifier;
    this.#backboneMode = backboneMode;
    this.settings = { backboneMode };
    this.modules = { backbone: classifier.backbone, head: classifier.head };
  }

  trainable(): Map<string, Parameter> {
    return parametersOf(this.modules);
  }

  /** Backbone and head as the optimiser's groups, the backbone at a fraction of the learning rate. */
  parameterGroups(bodyLearningRateScale: number): ParameterGroup[] {
    const all = [...this.trainable()];
    const isBody = ([name]: readonly [string, Parameter]): boolean => name.startsWith('backbone.');
    return [
      { parameters: all.filter(isBody), learningRateScale: bodyLearningRateScale },
      { parameters: all.filter((entry) => !isBody(entry)) },
    ];
  }

  loss(
    { inputs, labels }: { readonly inputs: Tensors<B>; readonly labels: tf.Tensor },
    ctx: ForwardContext,
  ): MethodLoss {
    const logits = this.#classifier.forward(inputs, {
      ...ctx,
      training: ctx.training && this.#backboneMode === 'training',
    });
    const hits = tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32');
    const differs = (mark: number): tf.Tensor => tf.notEqual(labels, tf.scalar(mark, 'int32'));
    const counted = tf.cast(tf.logicalAnd(differs(noLabel), differs(ignoreIndex)), 'float32');
    const weight = tf.sum(counted) as tf.Scalar;
    return {
      loss: softmaxCrossEntropy(logits, labels as tf.Tensor1D),
      weight,
      metrics: { accuracy: tf.div(tf.sum(tf.mul(hits, counted)), weight) },
    };
  }
}

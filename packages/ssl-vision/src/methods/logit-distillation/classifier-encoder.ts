import type * as tf from '@tensorflow/tfjs-core';
import { type Encoder, evaluation, type ForwardContext, Module } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-core';
import type { Classifier } from '@selfsup/ssl-transfer';

/**
 * A `Classifier` of @selfsup/ssl-transfer as an encoder whose features are its logits: a teacher for `LogitDistillation`.
 * It gets what its `features` wants: a classifier that normalises pixels itself is given them by `rawPixelStatistics`.
 */
export class ClassifierEncoder extends Module implements Encoder {
  /** Classes. */
  readonly featureDim: number;
  readonly classifier: Classifier<never>;

  /** @throws InvalidOptionError for what is no classifier */
  constructor(classifier: Classifier<never>) {
    super();
    const classes = (classifier as Partial<Classifier<never>> | null)?.head?.outFeatures;
    if (classes === undefined)
      throw new InvalidOptionError(
        'ClassifierEncoder',
        'classifier',
        'a Classifier of @selfsup/ssl-transfer',
        classifier,
      );
    this.classifier = classifier;
    this.featureDim = classes;
  }

  /** @returns logits `[batch, classes]` */
  forward(images: tf.Tensor4D, ctx: ForwardContext = evaluation): tf.Tensor2D {
    return this.classifier.forward(images as never, ctx);
  }
}

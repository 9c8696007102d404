import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from '@selfsup/ssl-losses';
import { Linear, training } from '@selfsup/ssl-nn';
import type { Encoder, Parameter } from '@selfsup/ssl-nn';
import { foldIn, RandomStream, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import {
  BertForMaskedLM,
  bertConfig,
  MaskedLanguageModelling,
  type BertConfig,
  type MaskedLmModel,
  type MlmBatch,
} from '@selfsup/ssl-text-mlm';
import { AdamW, decayEverything, type Optimizer, type Tensors } from '@selfsup/ssl-train';

type Parameters = ReadonlyMap<string, Parameter>;

/** Gradients of a loss and the optimiser's step; returns the loss. */
export function update(
  loss: () => tf.Scalar,
  parameters: Parameters,
  optimizer: Optimizer,
  learningRate: tf.Scalar,
): tf.Scalar {
  const variables = [...parameters.values()].map(({ variable }) => variable);
  const { value, grads } = tf.variableGrads(loss, variables);
  optimizer.apply(grads, learningRate);
  return value;
}

export const scalar = (value: number): NdArray<Float32Array> => ({ data: Float32Array.of(value), shape: [] });

/** Normal noise in place of images. */
export function noise(shape: readonly number[]): NdArray<Float32Array> {
  const random = new RandomStream(randomKey(1));
  const size = shape.reduce((product, axis) => product * axis, 1);
  return { data: Float32Array.from({ length: size }, () => random.normal()), shape };
}

interface Classification {
  readonly backbone: Encoder;
  readonly batch: number;
  /** Side of the images. */
  readonly side: number;
  readonly classes: number;
  readonly learningRate: number;
  readonly optimizer: (parameters: Parameters) => Optimizer;
}

/** A step of supervised training on one batch of noise, labels 0, 1, 2, ...: the step and its arguments. */
export function classification({ backbone, batch, side, classes, learningRate, optimizer }: Classification) {
  const head = new Linear(backbone.featureDim, classes, { key: foldIn(randomKey(0), 'head') });
  const parameters = new Map([
    ...backbone.namedParameters(),
    ...[...head.namedParameters()].map(([name, parameter]) => [`head.${name}`, parameter] as const),
  ]);
  const built = optimizer(parameters);
  const step = (images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor): tf.Scalar =>
    update(
      () =>
        softmaxCrossEntropy(
          head.forward(backbone.forward(images as tf.Tensor4D, training)),
          labels as tf.Tensor1D,
        ) as tf.Scalar,
      parameters,
      built,
      rate as tf.Scalar,
    );
  const labels = { data: Int32Array.from({ length: batch }, (_, index) => index % classes), shape: [batch] };
  const args: [NdArray, NdArray, NdArray] = [noise([batch, side, side, 3]), labels, scalar(learningRate)];
  return { step, args };
}

/** A step of masked-language modelling of a BERT, without dropout, on one batch of random tokens, 15 % of them masked. */
export function maskedLanguage(config: Partial<BertConfig>, batch: number, tokens: number) {
  const bert = bertConfig({ ...config, maxPositionEmbeddings: tokens, hiddenDropout: 0, attentionDropout: 0 });
  return maskedLanguageStep(new BertForMaskedLM(bert, { key: randomKey(0) }), batch, tokens);
}

/** As {@link maskedLanguage}, of any model. */
export function maskedLanguageStep(model: MaskedLmModel, batch: number, tokens: number) {
  const random = new RandomStream(randomKey(1));
  const { vocabSize } = model.config;
  const method = new MaskedLanguageModelling(model);
  const parameters = method.trainable();
  const optimizer = new AdamW([{ parameters }], { weightDecay: 0.01, decayFilter: decayEverything });
  const step = (data: Tensors<MlmBatch>, rate: tf.Tensor): tf.Scalar =>
    update(() => method.loss(data, training).loss, parameters, optimizer, rate as tf.Scalar);
  const masked = Math.round(0.15 * batch * tokens);
  const integers = (length: number, bound: number): Int32Array =>
    Int32Array.from({ length }, () => random.integer(bound));
  const data: MlmBatch = {
    inputIds: { data: integers(batch * tokens, vocabSize), shape: [batch, tokens] },
    attentionMask: { data: new Int32Array(batch * tokens).fill(1), shape: [batch, tokens] },
    maskedPositions: { data: integers(masked, batch * tokens), shape: [masked] },
    maskedLabels: { data: integers(masked, vocabSize), shape: [masked] },
    maskedWeights: { data: new Float32Array(masked).fill(1), shape: [masked] },
  };
  const args: [MlmBatch, NdArray] = [data, scalar(1e-3)];
  return { step, args };
}

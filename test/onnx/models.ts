import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '@selfsup/ssl-nn';
import { type ExportableModule, type ExportOnnxOptions, randomKey, RandomStream } from '@selfsup/ssl-tensor';
import { bertConfig, BertForSequenceClassification, BertModel } from '@selfsup/ssl-text-mlm';
import { Classifier } from '@selfsup/ssl-transfer';
import { resnet18, SmallConvEncoder, VisionTransformer } from '@selfsup/ssl-vision';

/** A model, and inputs of any batch size for it. */
export interface Exported {
  readonly module: ExportableModule & Module;
  /** One argument of `forward`, whose tensors are the file's inputs: the argument itself, or by its keys. */
  readonly inputs: (batch: number) => tf.Tensor | Readonly<Record<string, tf.Tensor>>;
  readonly options: ExportOnnxOptions;
}

const key = randomKey(7);

/** Numbers that differ from place to place and from batch size to batch size. */
function floats(shape: readonly number[]): tf.Tensor {
  const stream = new RandomStream(randomKey(shape[0]!));
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    [...shape],
    'float32',
  );
}

function tokens(batch: number): Record<string, tf.Tensor> {
  const length = 12;
  const at = (value: (row: number, column: number) => number): tf.Tensor =>
    tf.tensor2d(
      Int32Array.from({ length: batch * length }, (_, index) => value(Math.floor(index / length), index % length)),
      [batch, length],
      'int32',
    );
  return {
    inputIds: at((row, column) => (7 * row + 13 * column + 3) % 100),
    attentionMask: at((row, column) => Number(column < length - (row % 5))),
    tokenTypeIds: at((_, column) => Number(column > 6)),
  };
}

/** Gives running statistics, scales and offsets other values than those they start with. */
function stirred<M extends Module>(module: M): M {
  const stream = new RandomStream(randomKey(5));
  const state = module.stateDict();
  for (const [name, { data, shape }] of state) {
    if (!(data instanceof Float32Array) || shape.length !== 1) continue;
    const isVariance = name.endsWith('running_var');
    state.set(name, {
      data: data.map((value) => value + (isVariance ? Math.abs : Number)(0.2 * stream.normal())),
      shape,
    });
  }
  module.loadStateDict(state);
  return module;
}

const small = bertConfig({
  vocabSize: 100,
  hiddenSize: 32,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 64,
  maxPositionEmbeddings: 32,
});

/** What exportOnnx is tested with, here and in Python's runtime. */
export const exportedModels: Readonly<Record<string, () => Exported>> = {
  'resnet18, the encoder of SimCLR': () => ({
    module: stirred(resnet18({ key, stem: 'cifar' })),
    inputs: (batch) => floats([batch, 16, 16, 3]),
    options: { inputNames: ['images'], outputNames: ['features'] },
  }),
  "resnet18 with ImageNet's stem": () => ({
    module: stirred(resnet18({ key, stem: 'imagenet' })),
    inputs: (batch) => floats([batch, 64, 64, 3]),
    options: { inputNames: ['images'], outputNames: ['features'] },
  }),
  'vision transformer, class token': () => ({
    module: stirred(new VisionTransformer({ key, imageSize: 16, patchSize: 4, dim: 48, depth: 3, heads: 4 })),
    inputs: (batch) => floats([batch, 16, 16, 3]),
    options: { inputNames: ['images'], outputNames: ['features'] },
  }),
  'vision transformer, mean of the patches': () => ({
    module: stirred(
      new VisionTransformer({
        key,
        imageSize: 16,
        patchSize: 4,
        dim: 48,
        depth: 2,
        heads: 4,
        pool: 'mean',
        positions: 'sinCos',
      }),
    ),
    inputs: (batch) => floats([batch, 16, 16, 3]),
    options: { inputNames: ['images'], outputNames: ['features'] },
  }),
  bert: () => ({
    module: stirred(new BertModel(small, { key })),
    inputs: tokens,
    options: { outputNames: ['lastHiddenState'] },
  }),
  'bert for sequence classification': () => ({
    module: stirred(new BertForSequenceClassification(small, { key, numLabels: 3 })),
    inputs: tokens,
    options: { outputNames: ['logits'] },
  }),
  classifier: () => {
    const backbone = new SmallConvEncoder({ key, inChannels: 3 });
    const features = (images: tf.Tensor4D): tf.Tensor2D => backbone.forward(images);
    const module = new Classifier<never>({
      backbone,
      featureDim: backbone.featureDim,
      features: features as never,
      classes: 5,
      key,
    });
    return {
      module: stirred(module),
      inputs: (batch) => floats([batch, 16, 16, 3]),
      options: { inputNames: ['images'], outputNames: ['logits'] },
    };
  },
};

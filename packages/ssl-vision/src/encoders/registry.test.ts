import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { training } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext, Module } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { backbones, createBackbone } from './registry.js';
import { ResNet } from './resnet/resnet.js';
import { SmallConvEncoder } from './small-conv-encoder.js';
import { VisionTransformer } from './vision-transformer/vision-transformer.js';

const key = randomKey(4);
/** Each registered name at a size that eager TF.js trains in a moment; the full ones differ in width and depth alone. */
const reduced: Record<keyof typeof backbones, () => Encoder> = {
  'small-conv': () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] }),
  resnet18: () => new ResNet({ key, stem: 'cifar', width: 2, block: 'basic', layers: [2, 2, 2, 2] }),
  resnet34: () => new ResNet({ key, stem: 'cifar', width: 2, block: 'basic', layers: [2, 1, 2, 1] }),
  resnet50: () => new ResNet({ key, stem: 'cifar', width: 1, block: 'bottleneck', layers: [1, 2, 1, 1] }),
  resnet101: () => new ResNet({ key, stem: 'cifar', width: 1, block: 'bottleneck', layers: [1, 1, 2, 1] }),
  'vit-tiny': () => new VisionTransformer({ key, imageSize: 8, patchSize: 4, dim: 12, depth: 2, heads: 3 }),
  'vit-small': () =>
    new VisionTransformer({ key, imageSize: 8, patchSize: 4, dim: 12, depth: 1, heads: 2, pool: 'mean' }),
};

const images = tf.randomNormal([6, 8, 8, 3], 0, 1, 'float32', 3) as tf.Tensor4D;

/** One step of gradient descent towards features that the images' own order tells apart; returns the loss before it. */
function step(backbone: Module & { forward(x: tf.Tensor4D, ctx: ForwardContext): tf.Tensor2D }, rate: number): number {
  const variables = [...backbone.namedParameters().values()].map(({ variable }) => variable);
  const target = tf.reshape(tf.range(0, 6), [6, 1]);
  const { value, grads } = tf.variableGrads(
    () => tf.mean(tf.squaredDifference(tf.mean(backbone.forward(images, training), 1, true), target)) as tf.Scalar,
    variables,
  );
  for (const variable of variables) {
    expect(grads[variable.name]).toBeDefined();
    tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, rate))));
  }
  return value.dataSync()[0]!;
}

describe.each(Object.entries(reduced))('registered backbone %s', (_, build) => {
  it('has features of its featureDim and leaks no tensor', () => {
    const backbone = build();
    const before = tf.memory().numTensors;
    const features = tf.tidy(() => backbone.forward(images));
    expect(features.shape).toEqual([6, backbone.featureDim]);
    features.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('learns: every parameter has a gradient and steps lower the loss', () => {
    const backbone = build();
    const losses = Array.from({ length: 4 }, () => step(backbone, 0.01));
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  it('gives equal outputs after its state went to another instance', () => {
    const backbone = build();
    step(backbone, 0.05);
    const other = build();
    expect(other.forward(images).dataSync()).not.toEqual(backbone.forward(images).dataSync());
    expect(other.loadStateDict(backbone.stateDict())).toMatchObject({
      missing: [],
      unexpected: [],
      ignored: new Map(),
    });
    expect(other.forward(images).dataSync()).toEqual(backbone.forward(images).dataSync());
  });
});

describe('createBackbone', () => {
  it('covers every registered name in this test', () => {
    expect(Object.keys(reduced).sort()).toEqual(Object.keys(backbones).sort());
  });

  it('fits stem and patches to the size of the images', () => {
    const small = createBackbone('resnet18', { key, imageSize: 32, inChannels: 1 });
    expect([...small.namedParameters().get('conv1.weight')!.referenceShape]).toEqual([64, 1, 3, 3]);
    const vit = createBackbone('vit-tiny', { key, imageSize: 32, inChannels: 3 });
    expect([...vit.namedParameters().get('pos_embed')!.referenceShape]).toEqual([1, 65, 192]);
  });

  it('names the backbones there are', () => {
    expect(() => createBackbone('resnet19', { key, imageSize: 32, inChannels: 3 })).toThrow(InvalidOptionError);
    expect(() => createBackbone('toString', { key, imageSize: 32, inChannels: 3 })).toThrow('small-conv, resnet18');
  });
});

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { training } from '@selfsup/ssl-nn';
import type { Encoder, Layered, MapEncoder } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { ResNet } from './resnet/resnet.js';
import { SmallConvEncoder } from './small-conv-encoder.js';
import { VisionTransformer } from './vision-transformer/vision-transformer.js';

const key = randomKey(1);
const vit = { key, imageSize: 8, patchSize: 4, dim: 8, depth: 2, heads: 2, maskToken: true } as const;
const layered: Record<string, { encoder: Layered; expected: Record<string, number>; count: number; last: number }> = {
  'vision transformer': {
    encoder: new VisionTransformer(vit),
    expected: {
      'patch_embed.proj.weight': 0,
      cls_token: 0,
      mask_token: 0,
      pos_embed: 0,
      'blocks.0.norm1.weight': 1,
      'blocks.1.mlp.fc2.bias': 2,
      'norm.weight': 3,
    },
    count: 4,
    last: 3,
  },
  resnet: {
    encoder: new ResNet({ key, stem: 'cifar', width: 2, block: 'basic', layers: [1, 2, 1, 1] }),
    expected: {
      'conv1.weight': 0,
      'bn1.bias': 0,
      'layer1.0.conv1.weight': 1,
      'layer2.0.downsample.0.weight': 2,
      'layer2.1.bn2.weight': 3,
      'layer3.0.conv1.weight': 4,
      'layer4.0.bn2.bias': 5,
    },
    count: 7,
    last: 5,
  },
  'small convolutions': {
    encoder: new SmallConvEncoder({ key, channels: [2, 3, 4], strides: [1, 2, 2] }),
    expected: { 'n.0.weight': 0, 'n.1.bias': 0, 'n.3.weight': 1, 'n.4.weight': 1, 'n.6.weight': 2 },
    count: 4,
    last: 2,
  },
};

describe.each(Object.entries(layered))('layers of a %s', (_, { encoder, expected, count, last }) => {
  it('has one for every parameter, ascending in the order of the forward pass', () => {
    const names = [...encoder.namedParameters().keys()];
    const layers = names.map((name) => encoder.layerOf(name));
    expect(encoder.layerCount).toBe(count);
    expect(layers).toEqual(layers.toSorted((a, b) => a - b));
    expect([...new Set(layers)]).toEqual(Array.from({ length: last + 1 }, (__, i) => i));
    for (const [name, layer] of Object.entries(expected)) expect([name, encoder.layerOf(name)]).toEqual([name, layer]);
  });

  it('refuses names that are not its own', () => {
    expect(() => encoder.layerOf('head.weight')).toThrow(InvalidOptionError);
    expect(() => encoder.layerOf(`backbone.${[...encoder.namedParameters().keys()][0]}`)).toThrow("'backbone.'");
  });
});

const mapped: Record<string, () => Encoder & MapEncoder> = {
  'ResNet, ImageNet stem': () => new ResNet({ key, width: 2, block: 'bottleneck', layers: [1, 1, 1, 1] }),
  'ResNet, CIFAR stem': () => new ResNet({ key, stem: 'cifar', width: 2, block: 'basic', layers: [1, 2, 1, 1] }),
  'small convolutions': () => new SmallConvEncoder({ key, inChannels: 3, channels: [2, 3, 4], strides: [2, 1, 2] }),
};

describe.each(Object.entries(mapped))('maps of a %s', (_, build) => {
  const images = tf.randomNormal([2, 33, 64, 3], 0, 1, 'float32', 3) as tf.Tensor4D;

  it('have the strides and channels of the stages', () => {
    const encoder = build();
    const maps = encoder.maps(images);
    expect(maps.map(({ shape }) => shape)).toEqual(
      encoder.stages.map(({ stride, channels }) => [2, Math.ceil(33 / stride), Math.ceil(64 / stride), channels]),
    );
  });

  it.each(['evaluation', 'training'] as const)('end in the pooled features, and come alone or together: %s', (mode) => {
    const ctx = mode === 'training' ? training : undefined;
    const encoder = build();
    const all = encoder.maps(images, ctx);
    const last = encoder.stages.length - 1;
    const close = (actual: tf.Tensor, expected: tf.Tensor): void => {
      expect(actual.shape).toEqual(expected.shape);
      expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThan(1e-5);
    };
    close(tf.mean(all[last]!, [1, 2]), encoder.forward(images, ctx));
    encoder.maps(images, ctx, { stages: [1, last] }).forEach((map, i) => close(map, all[[1, last][i]!]!));
    const only = encoder.maps(images, ctx, { stages: [0] });
    expect(only.length).toBe(1);
    close(only[0]!, all[0]!);
  });

  it('refuse stages that are not there', () => {
    for (const stages of [[], [9], [1, 0], [-1]])
      expect(() => build().maps(images, undefined, { stages })).toThrow(InvalidOptionError);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { type Module, twinOf } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { beforeAll, expect, it } from 'vitest';
import { MaskedAutoencoder, ProjectionHead, ResNet, SmallConvEncoder, VisionTransformer } from '../index.js';

const key = randomKey(3);
const vit = { key, imageSize: 8, patchSize: 4, dim: 8, depth: 2, heads: 2 };
const image = [2, 8, 8, 3];

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it.each<[string, () => Module, number[], unknown[]]>([
  ['ResNet', () => new ResNet({ key, block: 'basic', layers: [1, 1, 1, 1], width: 4 }), image, []],
  ['ResNet of bottlenecks', () => new ResNet({ key, block: 'bottleneck', layers: [1, 1, 1, 1], width: 4 }), image, []],
  ['SmallConvEncoder', () => new SmallConvEncoder({ key, inChannels: 3 }), image, []],
  ['VisionTransformer', () => new VisionTransformer({ ...vit, dropPath: 0.1 }), image, []],
  ['ProjectionHead', () => new ProjectionHead(4, { key }), [2, 4], []],
  [
    'MaskedAutoencoder',
    () => new MaskedAutoencoder({ ...vit, decoder: { dim: 8, depth: 1, heads: 2 } }),
    image,
    [
      {
        kept: tf.tensor2d([0, 1, 0, 1], [2, 2], 'int32'),
        masked: tf.tensor2d([2, 3, 2, 3], [2, 2], 'int32'),
      },
    ],
  ],
])('a twin of %s computes the same and lives by itself', (_, make, shape, more) => {
  const module = make();
  const twin = twinOf(module);
  const x = tf.sin(
    tf.reshape(
      tf.range(
        0,
        shape.reduce((a, b) => a * b),
        1,
      ),
      shape,
    ),
  );
  const run = (of: Module): number[] => [
    ...(of as unknown as { forward(...inputs: unknown[]): tf.Tensor }).forward(x, ...more).dataSync(),
  ];
  const before = run(module);
  expect(run(twin)).toEqual(before);
  expect([...twin.namedModules().keys()]).toEqual([...module.namedModules().keys()]);
  expect([...twin.stateDict().keys()]).toEqual([...module.stateDict().keys()]);
  for (const { variable } of twin.namedParameters().values())
    variable.assign(tf.add(variable, tf.reshape(tf.sin(tf.range(0, variable.size)), variable.shape)));
  expect(run(module)).toEqual(before);
  expect(run(twin)).not.toEqual(before);
});

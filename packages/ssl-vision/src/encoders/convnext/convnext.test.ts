import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden, expectMapsGolden } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { ConvNeXt } from './convnext.js';
import type { ConvNeXtOptions } from './convnext.js';

const file = new URL('../../../../../test/golden/vision/convnext.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as { cases: Record<string, BackboneCase> };
const key = randomKey(1);
const small = { key, depths: [1, 2, 1, 1], dims: [4, 4, 6, 8], patchSize: 2 } as const;
const build = ({ options }: BackboneCase): ConvNeXt =>
  new ConvNeXt({ ...(options as unknown as ConvNeXtOptions), key });

describe.each(['eager', 'compiled'] as const)('ConvNeXt, %s', (mode) => {
  it.each(Object.entries(golden.cases))('equals timm: %s', async (_, expected) => {
    await expectBackboneGolden(build(expected), expected, mode);
  });
});

describe('ConvNeXt', () => {
  it.each(Object.entries(golden.cases).filter(([, { maps }]) => maps !== undefined))(
    'has the maps of timm: %s',
    (_, expected) => expectMapsGolden(build(expected), expected),
  );

  it('reads the names of torchvision and of the authors', () => {
    const source = new ConvNeXt({ ...small, layerScale: 1 });
    const images = tf.randomNormal([1, 16, 16, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
    const expected = source.forward(images).dataSync();
    const torchvision = (name: string): string =>
      name
        .replace('stem.', 'features.0.')
        .replace(/stages\.(\d)\.downsample/, (_, stage: string) => `features.${2 * Number(stage)}`)
        .replace(/stages\.(\d)\.blocks/, (_, stage: string) => `features.${2 * Number(stage) + 1}`)
        .replace('conv_dw', 'block.0')
        .replace(/(features\.[1-9]\.\d+)\.norm\./, '$1.block.2.')
        .replace('mlp.fc1', 'block.3')
        .replace('mlp.fc2', 'block.5')
        .replace('gamma', 'layer_scale')
        .replace('head.norm', 'classifier.0');
    const authors = (name: string): string =>
      name
        .replace('stem.', 'downsample_layers.0.')
        .replace(/stages\.(\d)\.downsample/, 'downsample_layers.$1')
        .replace('.blocks', '')
        .replace('conv_dw', 'dwconv')
        .replace('mlp.fc', 'pwconv')
        .replace('head.norm', 'norm');
    for (const rename of [torchvision, authors]) {
      const state = new Map<string, NdArray>();
      for (const [name, { data, shape }] of source.stateDict())
        state.set(rename(name), { data, shape: name.endsWith('gamma') ? [...shape, 1, 1] : shape });
      expect(state.has('stem.0.weight')).toBe(false);
      const model = new ConvNeXt({ ...small, key: randomKey(2) });
      expect(model.loadStateDict(state)).toMatchObject({ missing: [], unexpected: [] });
      expect(model.forward(images).dataSync()).toEqual(expected);
    }
  });

  it('drops branches, and computes blocks again, while training', () => {
    const images = tf.tile(tf.randomNormal([1, 16, 16, 3], 0, 1, 'float32', 5), [8, 1, 1, 1]) as tf.Tensor4D;
    const ctx = { ...training, key: tf.tensor1d([1, 2], 'int32') };
    const options = { ...small, layerScale: 1, dropPath: 0.5 } as const;
    const [kept, again] = [new ConvNeXt(options), new ConvNeXt({ ...options, checkpointBlocks: true })];
    const rows = kept.forward(images, ctx).arraySync();
    expect(new Set(rows.map((row) => row.join())).size).toBeGreaterThan(1);
    const gradient = (model: ConvNeXt): tf.Tensor =>
      tf.grad((x: tf.Tensor) => tf.sum(tf.square(model.forward(x as tf.Tensor4D, ctx))))(images);
    const difference = tf.max(tf.abs(tf.sub(gradient(kept), gradient(again)))).dataSync()[0];
    expect(difference).toBeLessThan(1e-6);
  });

  it('refuses what does not fit', () => {
    expect(() => new ConvNeXt({ ...small, depths: [1, 1, 1] as unknown as ConvNeXtOptions['depths'] })).toThrow(
      InvalidOptionError,
    );
    expect(() => new ConvNeXt({ ...small, layerScale: true as unknown as false })).toThrow('or false for none');
    const model = new ConvNeXt(small);
    expect(() => model.forward(tf.zeros([1, 15, 40, 3]))).toThrow(ShapeError);
    expect(() => model.forward(tf.zeros([1, 15, 40, 3]))).toThrow('sides of at least 16');
    expect(() => model.forward(tf.zeros([1, 3, 16, 16]))).toThrow(ShapeError);
    expect(model.maps(tf.zeros([1, 8, 8, 3]), undefined, { stages: [2] })[0]!.shape).toEqual([1, 1, 1, 6]);
    expect(() => model.maps(tf.zeros([1, 16, 16, 3]), undefined, { stages: [4] })).toThrow(InvalidOptionError);
  });
});

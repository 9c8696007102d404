import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden, expectMapsGolden } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { SwinTransformer } from './swin-transformer.js';
import type { SwinTransformerOptions } from './swin-transformer.js';
import { fromWindows, intoWindows, rolled, shiftMask } from './windows.js';

const file = new URL('../../../../../test/golden/vision/swin.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as { cases: Record<string, BackboneCase> };
const key = randomKey(1);
const small = { key, imageSize: 16, patchSize: 2, dim: 4, depths: [2, 1, 1], heads: [1, 2, 2], window: 4 } as const;
const build = ({ options }: BackboneCase): SwinTransformer =>
  new SwinTransformer({ ...(options as unknown as SwinTransformerOptions), key });

describe.each(['eager', 'compiled'] as const)('SwinTransformer, %s', (mode) => {
  it.each(Object.entries(golden.cases))('equals timm: %s', async (_, expected) => {
    await expectBackboneGolden(build(expected), expected, mode);
  });
});

describe('windows', () => {
  const x = tf.reshape(tf.range(0, 2 * 4 * 6 * 3), [2, 4, 6, 3]) as tf.Tensor4D;

  it('are cut row by row and put together again', () => {
    const windows = intoWindows(x, [2, 3]);
    expect(windows.shape).toEqual([8, 6, 3]);
    const second = tf.reshape(tf.slice(x, [0, 0, 3, 0], [1, 2, 3, 3]), [6, 3]);
    expect(windows.arraySync()[1]).toEqual(second.arraySync());
    expect(fromWindows(windows, [2, 3], [2, 4, 6]).dataSync()).toEqual(x.dataSync());
  });

  it('are rolled there and back', () => {
    const there = rolled(x, [1, 2]);
    expect(there.arraySync()[0]![0]![0]).toEqual(x.arraySync()[0]![1]![2]);
    expect(there.arraySync()[1]![3]![5]).toEqual(x.arraySync()[1]![0]![1]);
    expect(rolled(there, [-1, -2]).dataSync()).toEqual(x.dataSync());
    expect(rolled(x, [0, 0])).toBe(x);
  });

  it('keep apart what was no neighbour', () => {
    const mask = shiftMask([4, 4], [2, 2], [1, 1]).arraySync();
    const alone = (window: number): number[][] => mask[window]![0]!;
    expect(
      alone(0)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
    expect(alone(1)).toEqual([
      [0, -100, 0, -100],
      [-100, 0, -100, 0],
      [0, -100, 0, -100],
      [-100, 0, -100, 0],
    ]);
    expect(
      alone(3)
        .flat()
        .filter((value) => value === 0).length,
    ).toBe(4);
  });
});

describe('SwinTransformer', () => {
  it.each(Object.entries(golden.cases))('has the maps of timm: %s', (_, expected) =>
    expectMapsGolden(build(expected), expected),
  );

  it('reads the names of torchvision and of the authors', () => {
    const source = new SwinTransformer(small);
    const images = tf.randomNormal([1, 16, 16, 3], 0, 1, 'float32', 5) as tf.Tensor4D;
    const expected = source.forward(images).dataSync();
    const torchvision = (name: string): string =>
      name
        .replace('patch_embed.proj', 'features.0.0')
        .replace('patch_embed.norm', 'features.0.2')
        .replace(/layers\.(\d)\.downsample/, (_, stage: string) => `features.${2 * Number(stage)}`)
        .replace(/layers\.(\d)\.blocks/, (_, stage: string) => `features.${2 * Number(stage) + 1}`)
        .replace('mlp.fc1', 'mlp.0')
        .replace('mlp.fc2', 'mlp.3');
    const authors = (name: string): string =>
      name.replace(/layers\.(\d)\.downsample/, (_, stage: string) => `layers.${Number(stage) - 1}.downsample`);
    for (const rename of [torchvision, authors]) {
      const state = new Map<string, NdArray>();
      for (const [name, array] of source.stateDict()) state.set(rename(name), array);
      const index = rename('layers.0.blocks.0.attn.relative_position_index');
      state.set(index, { data: new Int32Array(256), shape: [16, 16] });
      state.set('layers.0.blocks.1.attn_mask', { data: new Float32Array(4 * 256), shape: [4, 16, 16] });
      expect(state.has('layers.2.downsample.norm.weight')).toBe(false);
      const model = new SwinTransformer({ ...small, key: randomKey(2) });
      const { missing, unexpected, ignored } = model.loadStateDict(state);
      expect([missing, unexpected, ignored.size]).toEqual([[], [], 2]);
      expect(model.forward(images).dataSync()).toEqual(expected);
    }
  });

  it('drops branches, and computes blocks again, while training', () => {
    const images = tf.tile(tf.randomNormal([1, 16, 16, 3], 0, 1, 'float32', 5), [8, 1, 1, 1]) as tf.Tensor4D;
    const ctx = { ...training, key: tf.tensor1d([1, 2], 'int32') };
    const options = { ...small, dropPath: 0.5 } as const;
    const [kept, again] = [new SwinTransformer(options), new SwinTransformer({ ...options, checkpointBlocks: true })];
    const rows = kept.forward(images, ctx).arraySync();
    expect(new Set(rows.map((row) => row.join())).size).toBeGreaterThan(1);
    const gradient = (model: SwinTransformer): tf.Tensor =>
      tf.grad((x: tf.Tensor) => tf.sum(tf.square(model.forward(x as tf.Tensor4D, ctx))))(images);
    expect(tf.max(tf.abs(tf.sub(gradient(kept), gradient(again)))).dataSync()[0]).toBeLessThan(1e-6);
  });

  it('refuses what does not fit', () => {
    expect(() => new SwinTransformer({ ...small, imageSize: 15 })).toThrow('a multiple of patchSize 2');
    expect(() => new SwinTransformer({ ...small, heads: [1, 2] })).toThrow('one for each stage');
    expect(() => new SwinTransformer({ ...small, heads: [1, 3, 2] })).toThrow("a divisor of the stage's 8 channels");
    expect(() => new SwinTransformer({ ...small, depths: [] })).toThrow(InvalidOptionError);
    const model = new SwinTransformer(small);
    expect(() => model.forward(tf.zeros([1, 15, 16, 3]))).toThrow(ShapeError);
    expect(() => model.forward(tf.zeros([1, 3, 16, 16]))).toThrow('tf.transpose(images, [0, 2, 3, 1])');
    expect(() => model.maps(tf.zeros([1, 16, 16, 3]), undefined, { stages: [3] })).toThrow(InvalidOptionError);
  });
});

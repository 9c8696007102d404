import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { EfficientNet, type EfficientNetOptions } from './efficientnet.js';
import { makeDivisible } from './make-divisible.js';
import { MobileNetV3, type MobileNetV3Options } from './mobilenet-v3.js';

const read = (name: string): Record<string, BackboneCase> =>
  (
    JSON.parse(readFileSync(new URL(`../../../../../test/golden/vision/${name}`, import.meta.url), 'utf8')) as {
      cases: Record<string, BackboneCase>;
    }
  ).cases;
const [mobile, efficient] = [read('mobilenet.json')['tiny']!, read('efficientnet.json')['tiny']!];
const key = randomKey(1);
const mobileOptions = { ...(mobile.options as unknown as MobileNetV3Options), key };
const efficientOptions = { ...(efficient.options as unknown as EfficientNetOptions), key };

describe.each(['eager', 'compiled'] as const)('%s', (mode) => {
  it('MobileNetV3 equals torchvision', async () => {
    await expectBackboneGolden(new MobileNetV3(mobileOptions), mobile, mode);
  });

  it('EfficientNet equals torchvision', async () => {
    await expectBackboneGolden(new EfficientNet(efficientOptions), efficient, mode);
  });
});

describe('maps', () => {
  const images = tf.randomNormal([1, 37, 40, 3], 0, 1, 'float32', 5) as tf.Tensor4D;

  it('are the last of each stride', () => {
    const encoder = new EfficientNet(efficientOptions);
    expect(encoder.stages).toEqual([
      { stride: 2, channels: 8 },
      { stride: 4, channels: 16 },
      { stride: 8, channels: 24 },
    ]);
    const maps = encoder.maps(images);
    expect(maps.map(({ shape }) => shape)).toEqual([
      [1, 19, 20, 8],
      [1, 10, 10, 16],
      [1, 5, 5, 24],
    ]);
    const [only] = encoder.maps(images, undefined, { stages: [1] });
    expect(only!.dataSync()).toEqual(maps[1]!.dataSync());
    expect(new EfficientNet({ ...efficientOptions, stem: 'cifar' }).stages[0]).toEqual({ stride: 1, channels: 8 });
  });

  it('of a first block that strides begin with the stem', () => {
    expect(new MobileNetV3(mobileOptions).stages.map(({ stride }) => stride)).toEqual([2, 4, 8, 16]);
  });
});

describe('layers', () => {
  it('are the stem, every block and the last convolution', () => {
    const encoder = new EfficientNet(efficientOptions);
    const layers = [...encoder.namedParameters().keys()].map((name) => encoder.layerOf(name));
    expect(encoder.layerCount).toBe(7);
    expect(layers).toEqual(layers.toSorted((a, b) => a - b));
    expect([...new Set(layers)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(encoder.layerOf('features.2.1.block.0.0.weight')).toBe(3);
    expect(new MobileNetV3(mobileOptions).layerOf('features.5.0.weight')).toBe(5);
  });
});

describe('training', () => {
  it('drops branches, and computes blocks again', () => {
    const images = tf.tile(tf.randomNormal([1, 16, 16, 3], 0, 1, 'float32', 5), [8, 1, 1, 1]) as tf.Tensor4D;
    const ctx = { ...training, key: tf.tensor1d([1, 2], 'int32') };
    const build = (checkpointBlocks: boolean): EfficientNet =>
      new EfficientNet({ ...efficientOptions, dropPath: 0.9, checkpointBlocks });
    const [kept, again] = [build(false), build(true)];
    expect(
      new Set(
        kept
          .forward(images, ctx)
          .arraySync()
          .map((row) => row.join()),
      ).size,
    ).toBeGreaterThan(1);
    again.forward(images, ctx);
    const gradient = (model: EfficientNet): tf.Tensor =>
      tf.grad((x: tf.Tensor) => tf.sum(tf.square(model.forward(x as tf.Tensor4D, ctx))))(images);
    const [first, second] = [gradient(kept), gradient(again)];
    const scale = tf.max(tf.abs(first)).dataSync()[0]!;
    expect(tf.max(tf.abs(tf.sub(first, second))).dataSync()[0]).toBeLessThan(1e-4 * scale);
    const mean = (model: EfficientNet): Float32Array =>
      model.stateDict().get('features.1.0.block.0.1.running_mean')!.data as Float32Array;
    mean(again).forEach((value, i) => expect(value).toBeCloseTo(mean(kept)[i]!, 5));
  });
});

describe('options', () => {
  it('channels are multiples of 8', () => {
    expect([6, 11, 12, 18, 19, 28, 35].map(makeDivisible)).toEqual([8, 16, 16, 24, 24, 32, 32]);
  });

  it('that do not fit are refused', () => {
    expect(() => new MobileNetV3({ ...mobileOptions, blocks: [] })).toThrow(InvalidOptionError);
    const [block] = mobileOptions.blocks;
    expect(() => new MobileNetV3({ ...mobileOptions, blocks: [{ ...block!, out: 0 }] })).toThrow('out');
    expect(() => new EfficientNet({ ...efficientOptions, stem: 'small' as 'cifar' })).toThrow(InvalidOptionError);
    const stages = [{ ...efficientOptions.stages[0]!, depth: 3 } as never];
    expect(() => new EfficientNet({ ...efficientOptions, stages })).toThrow('stages[0]');
    expect(() => new EfficientNet(efficientOptions).forward(tf.zeros([1, 3, 16, 16]))).toThrow(ShapeError);
    expect(() => new EfficientNet(efficientOptions).forward(tf.zeros([16, 16, 3]) as unknown as tf.Tensor4D)).toThrow(
      ShapeError,
    );
  });
});

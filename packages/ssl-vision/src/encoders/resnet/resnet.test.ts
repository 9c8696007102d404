import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { compile, InvalidOptionError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectBackboneGolden, referenceShapes } from '../../../../../test/golden/vision/expect-backbone.js';
import type { BackboneCase } from '../../../../../test/golden/vision/expect-backbone.js';
import { ResNet, resnet101, resnet18, resnet34, resnet50 } from './resnet.js';
import type { ResNetOptions } from './resnet.js';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../../test/golden/vision/${name}`, import.meta.url), 'utf8'));
type Cases = { cases: Record<string, BackboneCase> };
const golden = { ...(read('resnet.json') as Cases).cases, ...(read('resnet-more.json') as Cases).cases };
const { models } = read('state-dicts.json') as { models: Record<string, Record<string, number[]>> };

describe('ResNet', () => {
  describe.each(['eager', 'compiled'] as const)('%s', (mode) => {
    it.each(Object.entries(golden))('equals torchvision: %s', async (_, expected) => {
      await expectBackboneGolden(
        new ResNet({ ...(expected.options as Omit<ResNetOptions, 'key'>), key: randomKey(0) }),
        expected,
        mode,
      );
    });
  });

  it('resnet18 has the names and shapes of torchvision', () => {
    const model = resnet18({ key: randomKey(0) });
    expect(model.featureDim).toBe(512);
    expect(referenceShapes(model)).toEqual(models['resnet18']);
    model.dispose();
  });

  it.each([
    ['resnet34', resnet34, 512],
    ['resnet50', resnet50, 2048],
    ['resnet101', resnet101, 2048],
  ] as const)(
    '%s has the names of torchvision and, at an eighth of the width, its shapes',
    (name, build, featureDim) => {
      const model = build({ key: randomKey(0), width: 8 });
      expect(model.featureDim).toBe(featureDim / 8);
      const eighth = (size: number, axis: number): number => (axis < 2 && size > 3 ? size / 8 : size);
      expect(referenceShapes(model)).toEqual(
        Object.fromEntries(Object.entries(models[name]!).map(([key, shape]) => [key, shape.map(eighth)])),
      );
      model.dispose();
    },
  );

  it('starts from Kaiming normal weights, fan out', () => {
    const { data } = resnet18({ key: randomKey(3), width: 16 })
      .stateDict()
      .get('layer4.0.conv2.weight')!;
    const variance = (data as Float32Array).reduce((sum, value) => sum + value * value, 0) / data.length;
    expect(variance / (2 / (128 * 9))).toBeCloseTo(1, 1);
  });

  it('starts as stem and shortcuts where the last scales are 0', () => {
    const options = { key: randomKey(0), layers: [1, 1, 1, 1], width: 4, zeroInitResidual: true } as const;
    const scales = (block: 'basic' | 'bottleneck', norm: 'batch' | 'group'): [string, boolean][] =>
      [...new ResNet({ ...options, block, norm, groups: 2 }).stateDict()]
        .filter(([name]) => /\.bn\d\.weight$/.test(name))
        .map(([name, { data }]) => [name.slice(-10, -7), (data as Float32Array).every((value) => value === 0)]);
    for (const norm of ['batch', 'group'] as const) {
      for (const [name, isZero] of scales('basic', norm)) expect([name, isZero]).toEqual([name, name === 'bn2']);
      for (const [name, isZero] of scales('bottleneck', norm)) expect([name, isZero]).toEqual([name, name === 'bn3']);
    }
  });

  it('takes the weights of batch normalisation frozen, and leaves them', () => {
    const options = { key: randomKey(0), block: 'basic', layers: [1, 1, 1, 1], width: 4, stem: 'cifar' } as const;
    const images = tf.randomNormal([2, 8, 8, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
    const trained = new ResNet(options);
    trained.forward(images, training);
    const frozen = new ResNet({ ...options, norm: 'frozen' });
    const { ignored } = frozen.loadStateDict(trained.stateDict());
    expect(ignored.size).toBe(12);
    const expected = trained.forward(images).dataSync();
    frozen
      .forward(images, training)
      .dataSync()
      .forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    expect([...frozen.namedParameters().keys()].some((name) => name.includes('bn'))).toBe(false);
  });

  it('drops whole branches of some samples while training', () => {
    const model = new ResNet({
      key: randomKey(0),
      block: 'basic',
      layers: [1, 1, 1, 1],
      width: 4,
      norm: 'group',
      groups: 2,
      dropPath: 0.9,
    });
    const images = tf.tile(tf.randomNormal([1, 32, 32, 3], 0, 1, 'float32', 3), [8, 1, 1, 1]) as tf.Tensor4D;
    const key = tf.tensor1d([1, 2], 'int32');
    const rows = model.forward(images, { ...training, key }).arraySync();
    expect(new Set(rows.map((row) => row.join())).size).toBeGreaterThan(1);
    expect(() => model.forward(images, training)).toThrow(InvalidOptionError);
  });

  it('moves running statistics once where blocks are computed again', async () => {
    const options = { key: randomKey(0), block: 'bottleneck', layers: [1, 1, 1, 1], width: 2, stem: 'cifar' } as const;
    const images = tf.randomNormal([4, 8, 8, 3], 0, 1, 'float32', 3) as tf.Tensor4D;
    const step = (checkpointBlocks: boolean) => {
      const model = new ResNet({ ...options, checkpointBlocks });
      const loss = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(model.forward(x as tf.Tensor4D, training)));
      return { model, run: (x: tf.Tensor) => tf.grad(loss)(x) };
    };
    const [kept, again, compiled] = [step(false), step(true), step(true)];
    const expected = kept.run(images).dataSync();
    const scale = Math.max(...expected.map(Math.abs));
    const results = [again.run(images), await compile(compiled.run)(images)];
    for (const result of results)
      result.dataSync().forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4 * scale));
    const mean = ({ model }: { model: ResNet }): Float32Array =>
      model.stateDict().get('layer2.0.bn2.running_mean')!.data as Float32Array;
    for (const other of [again, compiled])
      mean(other).forEach((value, i) => expect(value).toBeCloseTo(mean(kept)[i]!, 5));
  });

  it('refuses options that do not go together', () => {
    const options = { key: randomKey(0), layers: [1, 1, 1, 1], width: 4 } as const;
    expect(() => new ResNet({ ...options, block: 'basic', innerWidth: 2 })).toThrow('Take width');
    expect(() => new ResNet({ ...options, block: 'basic', norm: 'frozen', zeroInitResidual: true })).toThrow('Frozen');
    expect(() => new ResNet({ ...options, block: 'basic', norm: 'group' })).toThrow('a divisor of the 4 features');
    expect(() => new ResNet({ ...options, block: 'basic', norm: 'layer' as 'group' })).toThrow(InvalidOptionError);
    expect(() => new ResNet({ ...options, block: 'bottleneck', innerWidth: 0.3 })).toThrow('width * innerWidth');
  });

  it('refuses unknown options', () => {
    const key = randomKey(0);
    expect(() => resnet18({ key, stem: 'tiny' as 'cifar' })).toThrow(InvalidOptionError);
    expect(() => resnet18({ key, width: 0 })).toThrow('width must be positive integers, got 0');
    expect(() => new ResNet({ key, block: 'basic', layers: [1, 0, 1, 1] })).toThrow(InvalidOptionError);
  });
});

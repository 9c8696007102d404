import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  pictures,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { ConvNeXt } from '../../encoders/convnext/convnext.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { vitTiny } from '../../encoders/vision-transformer/vit-sizes.js';
import { DenseCl, type DenseClOptions } from './densecl.js';

type Own = Omit<DenseClOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/densecl.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Partial<DenseClOptions> = {}): DenseCl =>
  new DenseCl({ backbone: backbone(), key, normalize: statistics, outDim: 6, queueSize: 32, ...options });

describe('DenseCl', () => {
  it.each(cases)(
    "three updates equal the authors' arithmetic: lambda $options.lambda",
    async ({ options, ...golden }) => {
      await expectTraining(() => build(options), golden);
    },
  );

  it('begins with a key encoder and heads that are equal, and lets no gradient into them', () => {
    const method = build();
    const { momentumBackbone, momentumHead, momentumDenseHead, ...online } = method.modules;
    expect(momentumBackbone.stateDict()).toEqual(online.backbone.stateDict());
    expect(momentumDenseHead.stateDict()).toEqual(online.denseHead.stateDict());
    expect(online.denseHead.stateDict()).not.toEqual(online.head.stateDict());
    expect(gradientSize(method, [online.denseHead])).toBeGreaterThan(0);
    expect(gradientSize(method, [momentumHead, momentumDenseHead, momentumBackbone])).toBe(0);
    expect([...method.trainable().keys()].some((name) => name.startsWith('momentum'))).toBe(false);
  });

  it('keeps a key of each image in both queues, of length 1, and drops the oldest', () => {
    const method = build({ queueSize: 8 });
    for (const step of [0, 1]) {
      const { carried } = method.loss(tensorsOf(batchOf(step)), training);
      expect(carried!['denseKeys']!.shape).toEqual([8, 6]);
      method.afterUpdate(training, carried!);
      for (const [queue, keys] of [
        ['queue', 'keys'],
        ['denseQueue', 'denseKeys'],
      ] as const) {
        const rows = method.state[queue].features;
        expect([...rows.dataSync()]).toEqual([...carried![keys]!.dataSync()]);
        tf.norm(rows, 2, 1)
          .dataSync()
          .forEach((length) => expect(length).toBeCloseTo(1, 5));
      }
    }
    expect(() => method.afterUpdate(training, { keys: tf.zeros([3, 6]), denseKeys: tf.zeros([3, 6]) })).toThrow(
      'DenseCl: views must be of a number of images an update that divides queueSize 8, got 3',
    );
  });

  it('is blind to whole views where lambda is 1, and to places where it is 0', () => {
    for (const [lambda, trained, blind] of [
      [1, 'denseHead', 'head'],
      [0, 'head', 'denseHead'],
    ] as const) {
      const method = build({ lambda });
      expect(gradientSize(method, [method.modules[trained]])).toBeGreaterThan(0);
      expect(gradientSize(method, [method.modules[blind]])).toBe(0);
    }
  });

  it('takes an encoder with layers after its last map, and trains them', () => {
    const convNeXt = new ConvNeXt({ key, patchSize: 1, depths: [1, 1, 1, 1], dims: [4, 4, 4, 8] });
    const method = build({ backbone: convNeXt, queueSize: 8 });
    const views = [0, 1].map((seed) => tensorsOf({ views: [pictures(seed, 16)] }).views[0]!);
    const { variable } = convNeXt.namedParameters().get('head.norm.weight')!;
    const { grads } = tf.variableGrads(() => method.loss({ views }, training).loss, [variable]);
    expect(tf.max(tf.abs(grads[variable.name]!)).dataSync()[0]).toBeGreaterThan(0);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ lambda: 1.5 })).toThrow(InvalidOptionError);
    expect(() => build({ temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ momentum: 2 })).toThrow(InvalidOptionError);
    expect(() => build({ backbone: vitTiny({ key }) as never })).toThrow('an encoder of maps that pools its last one');
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), training)).toThrow(ShapeError);
    const views = [0, 1].map(() => tf.zeros([4, 2, 2, 3], 'int32'));
    expect(() => build().loss({ views }, training)).toThrow('more than one place, got 1 x 1');
  });
});

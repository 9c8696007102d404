import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, keyArray, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Mmcr, mmcrDefaults, type MmcrOptions } from './mmcr.js';

type Own = Omit<MmcrOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/mmcr.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): Mmcr =>
  new Mmcr({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });
const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };

describe('Mmcr', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('begins with an equal twin, which no gradient enters, and takes any number of views', () => {
    const method = build({ depth: 2 });
    const { backbone: online, head, momentumBackbone, momentumHead } = method.modules;
    expect(momentumBackbone.stateDict()).toEqual(online.stateDict());
    expect(gradientSize(method, [head])).toBeGreaterThan(0);
    expect(gradientSize(method, [momentumBackbone, momentumHead])).toBe(0);
    expect(method.loss(tensorsOf(batchOf(0, 3)), ctx).loss.dataSync()[0]).toBeLessThan(0);
  });

  it('takes the extent of the views of an image with its weight', () => {
    const loss = (lambda: number): number =>
      build({ depth: 2, lambda })
        .loss(tensorsOf(batchOf(0)), ctx)
        .loss.dataSync()[0]!;
    const [none, one, two] = [loss(0), loss(1), loss(2)];
    expect(two - none).toBeCloseTo(2 * (one - none), 3);
    // Four rows of length 1 have a sum of singular values from 2 to 4.
    expect(one - none).toBeGreaterThanOrEqual(2);
    expect(one - none).toBeLessThanOrEqual(4);
  });

  it('has a momentum that rises to 1 over the run', () => {
    const at = build().emaPairs({ totalSteps: 100, stepsPerEpoch: 10 })[1]!.momentum as (step: number) => number;
    expect([at(0), at(100)]).toEqual([mmcrDefaults.momentum, 1]);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ lambda: -1 })).toThrow(InvalidOptionError);
    expect(() => build({ momentum: 2 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), ctx)).toThrow(ShapeError);
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
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
import { Smog, type SmogOptions, type SmogPhase } from './smog.js';

type Own = Omit<SmogOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/smog.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const sizes = { hiddenDim: 12, outDim: 6, groups: 5, queueSize: 16, relocateEvery: 4 };
const build = (options: Own = {}): Smog =>
  new Smog({ backbone: backbone(), key, normalize: statistics, ...sizes, ...options });
const ctx = (phase: SmogPhase) => ({ ...training, key: tf.tensor1d([1, 2], 'int32'), values: {}, phase });

describe('Smog', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build({ ...options, relocateEvery: 0 }), golden);
  });

  it('takes views in turn, and relocates after every so many updates', () => {
    const phases = [...Array(9).keys()].map((step) => build({ relocateEvery: 3 }).phaseAt(step));
    expect(phases).toEqual([
      'first',
      'second',
      'first, relocating',
      'second',
      'first',
      'second, relocating',
      'first',
      'second',
      'first, relocating',
    ]);
    expect(build({ relocateEvery: 0 }).phaseAt(299)).toBe('second');
  });

  it('lets no gradient into the momentum encoder', () => {
    const method = build();
    const { predictor, momentumBackbone, momentumHead } = method.modules;
    expect(gradientSize(method as never, [predictor])).toBeGreaterThan(0);
    expect(gradientSize(method as never, [momentumBackbone, momentumHead])).toBe(0);
  });

  it('makes the momentum encoder the online one where it relocates', () => {
    const method = build();
    const { head, momentumHead } = method.modules;
    const { features } = method.state.groups.buffers;
    for (const { variable } of head.namedParameters().values()) tf.tidy(() => variable.assign(tf.mul(variable, 2)));
    const { carried } = method.loss(tensorsOf(batchOf(0)), ctx('first'));
    method.afterUpdate(ctx('first'), carried!);
    expect(momentumHead.stateDict()).not.toEqual(head.stateDict());
    const before = features.dataSync().slice();
    method.afterUpdate(ctx('first, relocating'), carried!);
    expect(momentumHead.stateDict()).toEqual(head.stateDict());
    expect(features.dataSync()).not.toEqual(before);
    tf.norm(features, 2, 1)
      .dataSync()
      .forEach((length) => expect(length).toBeCloseTo(1, 5));
  });

  it('refuses what does not fit', () => {
    expect(() => build({ beta: 1.1 })).toThrow(InvalidOptionError);
    expect(() => build({ queueSize: 4 })).toThrow('at least as many as groups (5)');
    expect(() => build({ relocateEvery: -1 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), ctx('first'))).toThrow(ShapeError);
    expect(() => build().afterUpdate(ctx('first'), { projections: tf.zeros([2, 6]) })).toThrow(
      'queueSize must be at most relocateEvery times the images of an update, 8,',
    );
  });
});

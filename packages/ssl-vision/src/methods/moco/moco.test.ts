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
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import '../../../../../test/support/to-be-all-close.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Moco, mocoV1Defaults, type MocoOptions } from './moco.js';

type Own = Omit<MocoOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/moco.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): Moco =>
  new Moco({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, queueSize: 32, ...options });
const ctx = { ...training, key: tf.tensor1d([1, 2], 'int32') };

describe('Moco', () => {
  it.each(cases)('three updates equal those with lightly: $options.head', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('begins with a key encoder that is equal, and lets no gradient into it', () => {
    const method = build();
    const { backbone: online, head, momentumBackbone, momentumHead } = method.modules;
    expect(momentumBackbone.stateDict()).toEqual(online.stateDict());
    expect(momentumHead.stateDict()).toEqual(head.stateDict());
    expect(gradientSize(method, [head])).toBeGreaterThan(0);
    expect(gradientSize(method, [momentumHead, momentumBackbone])).toBe(0);
  });

  it('puts the keys of an update in the places of the oldest', () => {
    const method = build({ queueSize: 4 });
    const keys = (value: number): Record<string, tf.Tensor> => ({ keys: tf.fill([2, 6], value) });
    for (const value of [1, 2, 3]) method.afterUpdate(training, keys(value));
    expect([...method.state.queue.features.dataSync()].filter((_, at) => at % 6 === 0)).toEqual([3, 3, 2, 2]);
    expect(() => method.afterUpdate(training, { keys: tf.zeros([3, 6]) })).toThrow(
      'Moco: views must be of a number of images an update that divides queueSize 4, got 3',
    );
  });

  it('takes statistics of shuffled parts for the keys, and gives them back in order', () => {
    const batch = tensorsOf(batchOf(0));
    const keysOf = (parts: number): tf.Tensor => build({ shuffleParts: parts }).loss(batch, ctx).carried!['keys']!;
    const [whole, two] = [keysOf(1), keysOf(2)];
    const moved = tf.max(tf.abs(tf.sub(whole, two))).dataSync()[0]!;
    expect(moved).toBeGreaterThan(1e-3);
    // In the images' order: each key is nearest to the same image's key under joint statistics.
    const nearest = tf.argMax(tf.matMul(two as tf.Tensor2D, whole as tf.Tensor2D, false, true), 1).dataSync();
    expect([...nearest].filter((image, at) => image === at).length).toBeGreaterThanOrEqual(6);
    // Another shuffle, other statistics.
    const other = build({ shuffleParts: 2 }).loss(batch, { ...training, key: tf.tensor1d([3, 4], 'int32') });
    expect(tf.max(tf.abs(tf.sub(other.carried!['keys']!, two))).dataSync()[0]).toBeGreaterThan(1e-4);
  });

  it('is version 1 by its defaults', () => {
    const method = new Moco({ backbone: backbone(), key, normalize: statistics, ...mocoV1Defaults, queueSize: 8 });
    expect([...method.modules.head.namedParameters().keys()]).toEqual(['layers.0.weight', 'layers.0.bias']);
    expect(method.settings).toMatchObject({ head: 'linear', temperature: 0.07, momentum: 0.999 });
  });

  it('refuses what does not fit', () => {
    for (const wrong of [{ temperature: 0 }, { momentum: 1.5 }, { queueSize: 0 }, { head: 'deep' as 'mlp' }])
      expect(() => build(wrong)).toThrow(InvalidOptionError);
    const batch = tensorsOf(batchOf(0));
    expect(() => build().loss({ views: batch.views.slice(1) }, training)).toThrow(ShapeError);
    expect(() => build({ shuffleParts: 3 }).loss(batch, ctx)).toThrow('of a multiple of shuffleParts 3 images, got 8');
    expect(() => build({ shuffleParts: 2 }).loss(batch, training)).toThrow('ctx.key');
  });
});

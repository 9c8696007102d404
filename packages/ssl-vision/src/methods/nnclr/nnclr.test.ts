import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import '../../../../../test/support/to-be-all-close.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Nnclr, type NnclrOptions } from './nnclr.js';

type Own = Omit<NnclrOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/nnclr.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const sizes = { hiddenDim: 12, outDim: 6, predictionDim: 10, queueSize: 32 };
const build = (options: Own = {}): Nnclr =>
  new Nnclr({ backbone: backbone(), key, normalize: statistics, ...sizes, ...options });

describe('Nnclr', () => {
  it.each(cases)('three updates equal the reference: $options.negatives', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('looks for neighbours in the support set as it was before the batch', () => {
    const method = build();
    const { features } = method.state.queue.buffers;
    const before = features.dataSync().slice();
    const { carried } = method.loss(tensorsOf(batchOf(0)), training);
    expect(features.dataSync()).toEqual(before);
    method.afterUpdate(training, carried!);
    expect(features.dataSync().slice(0, 48)).toBeAllClose(carried!['projections']!.dataSync());
    expect(features.dataSync().slice(48)).toEqual(before.slice(48));
    const lengths = tf.norm(carried!['projections']!, 2, 1).dataSync();
    lengths.forEach((length) => expect(length).toBeCloseTo(1, 5));
  });

  it('takes batches that do not divide the support set', () => {
    const method = build({ queueSize: 10 });
    const { carried } = method.loss(tensorsOf(batchOf(0)), training);
    for (let update = 0; update < 2; update++) method.afterUpdate(training, carried!);
    expect(method.state.queue.buffers.pointer.dataSync()[0]).toBe(6);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ queueSize: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ temperature: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ negatives: 'none' as 'all' })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), training)).toThrow(ShapeError);
  });
});

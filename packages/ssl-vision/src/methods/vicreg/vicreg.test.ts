import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Vicreg, vicregSmall, type VicregOptions } from './vicreg.js';

type Own = Omit<VicregOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/vicreg.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): Vicreg =>
  new Vicreg({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });

describe('Vicreg', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('of collapsed features is the hinge alone', () => {
    const method = build();
    for (const { variable } of method.modules.head.namedParameters().values())
      tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    const { loss, metrics } = method.loss(tensorsOf(batchOf(0)), training);
    expect(loss.dataSync()[0]).toBeCloseTo(25 * (1 - Math.sqrt(1e-4)), 4);
    expect(metrics!['featureStd']!.dataSync()[0]).toBe(0);
  });

  it('has a preset for small pictures', () => {
    const { modules, settings } = new Vicreg({ backbone: backbone(), key, normalize: statistics, ...vicregSmall });
    expect(modules.head.namedParameters().get('layers.6.weight')!.variable.shape).toEqual([2048, 2048]);
    expect(settings).toMatchObject({ lambda: 25, mu: 25, nu: 1 });
  });

  it('refuses what does not fit', () => {
    expect(() => build({ mu: -1 })).toThrow(InvalidOptionError);
    expect(() => build({ outDim: 0 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), training)).toThrow(ShapeError);
  });
});

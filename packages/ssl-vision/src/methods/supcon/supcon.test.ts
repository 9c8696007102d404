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
  type Views,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { SimClr } from '../simclr/simclr.js';
import { SupCon, type SupConOptions } from './supcon.js';

type Own = Omit<SupConOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/supcon.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): SupCon =>
  new SupCon({ backbone: backbone(), key, normalize: statistics, outDim: 6, ...options });
const labelled = (step: number, labels = [...Array(7).keys()].map((image) => (3 * step + image) % 3)): Views => ({
  ...batchOf(step),
  labels: { data: Int32Array.from([...labels, -1].slice(0, 8)), shape: [8] },
});

describe('SupCon', () => {
  it.each(cases)('three updates equal equation 2 by loops', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden, labelled);
  });

  it('is SimCLR where no image has a label', () => {
    const method = build({ temperature: 0.2, baseTemperature: 0.2 });
    const batch = tensorsOf(labelled(0, Array(8).fill(-1)));
    const simClr = new SimClr({
      backbone: backbone(),
      head: method.modules.head,
      normalize: statistics,
      temperature: 0.2,
    });
    const loss = method.loss(batch as never, training).loss.dataSync()[0]!;
    expect(loss).toBeCloseTo(simClr.loss(batch as never, training).loss.dataSync()[0]!, 4);
    const other = method.loss(tensorsOf(labelled(0)) as never, training).loss.dataSync()[0]!;
    expect(Math.abs(other - loss)).toBeGreaterThan(0.01);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ baseTemperature: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ outDim: 0 })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0));
    expect(() => build().loss({ views }, training)).toThrow('Give the loader a data set with labels');
    const one = { views: views.slice(1), labels: tf.zeros([8], 'int32') };
    expect(() => build().loss(one, training)).toThrow(ShapeError);
  });
});

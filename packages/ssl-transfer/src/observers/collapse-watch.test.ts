import '@tensorflow/tfjs-backend-cpu';
import type * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { attract, contrast, flatten, type PairLoss, points, SmallEncoder, trainPairs } from '../../test/small-run.js';
import { collapseWatch, type CollapseWatchOptions } from './collapse-watch.js';
import { collapseOf, type FeatureSpread } from './feature-spread.js';

const { inputs } = points(96, 1);
const watch = (encoder: SmallEncoder, more: Partial<CollapseWatchOptions<tf.Tensor2D>> = {}) =>
  collapseWatch({ features: (x: tf.Tensor2D) => encoder.forward(x), inputs, batchSize: 40, ...more });
const long = { epochs: 20, schedule: 0.03 };
const watched = async (loss: PairLoss) => {
  const { notes, evaluations } = await trainPairs(loss, (encoder) => ({ ...long, observers: watch(encoder) }));
  return { notes, last: evaluations.at(-1)!.metrics, count: evaluations.length };
};

describe('collapseWatch', () => {
  it('says nothing of a contrastive run, whose features spread', async () => {
    const { notes, last, count } = await watched(contrast);
    expect([notes, count]).toEqual([[], 20]);
    expect(Object.keys(last)).toEqual(['featureDeviation', 'collapseLevel', 'rankMe', 'effectiveRank']);
    expect(last['featureDeviation']).toBeGreaterThan(0.19);
    expect(last['collapseLevel']).toBeCloseTo(Math.max(0, 1 - Math.sqrt(24) * last['featureDeviation']!), 6);
    expect(last['effectiveRank']).toBeGreaterThan(14);
  });

  it('notes once that all inputs have come to point the same way', async () => {
    const { notes, last } = await watched(attract);
    expect(notes).toEqual([
      expect.stringMatching(
        /^collapseWatch: at step 90 the features of 96 inputs have nearly collapsed to a point: they deviate by 0\.\d+, where 0\.204 is even in 24 dimensions, .*lower learning rate.*negatives/,
      ),
    ]);
    expect(last['collapseLevel']).toBeGreaterThan(0.95);
  });

  it('notes once that one dimension is left of many', async () => {
    const { notes, last } = await watched(flatten);
    expect(notes).toEqual([expect.stringMatching(/few dimensions: their effective rank is 1\.\d+ of at most 24, /)]);
    // Spread all the same: the deviation alone would not tell.
    expect(last['featureDeviation']).toBeGreaterThan(0.03);
    expect(last['effectiveRank']).toBeLessThan(1.5);
  });

  it('compares a resumed run with the start of the first one, and does not say it twice', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ssl-collapse-'));
    try {
      const part = (until: number) =>
        trainPairs(attract, (encoder) => ({
          ...long,
          checkpoint: { dir },
          observers: [
            watch(encoder),
            { onEpochEnd: ({ epoch }, run) => (epoch === until ? run.stop('') : undefined) as undefined },
          ],
        }));
      expect((await part(8)).notes).toEqual([]);
      const { notes } = await part(16);
      expect(notes.filter((text) => text.includes('was 0.143 at the start'))).toHaveLength(1);
      expect((await part(99)).notes.filter((text) => text.startsWith('collapseWatch'))).toEqual([]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('has names of their own for several in one run', async () => {
    const { evaluations } = await trainPairs(contrast, (encoder) => ({
      epochs: 1,
      observers: [watch(encoder), watch(encoder, { name: 'second' })],
    }));
    expect(evaluations.map(({ metrics }) => Object.keys(metrics)[0])).toEqual([
      'featureDeviation',
      'second.featureDeviation',
    ]);
  });

  it('refuses what it cannot measure', () => {
    const encoder = new SmallEncoder();
    expect(() => watch(encoder, { inputs: points(1, 1).inputs })).toThrow(ShapeError);
    expect(() => watch(encoder, { everyEpochs: 0 })).toThrow(InvalidOptionError);
    expect(() => watch(encoder, { features: 3 as never })).toThrow(InvalidOptionError);
  });
});

describe('collapseOf', () => {
  const start = { deviation: 0.02, effectiveRank: 20 };
  const spread: FeatureSpread = { rows: 256, dim: 100, deviation: 0.05, rankMe: 4, effectiveRank: 20 };
  const of = (change: Partial<FeatureSpread>, before = start) =>
    collapseOf({ ...spread, ...change }, before)?.slice(0, 60);

  it('leaves alone a common direction that grows while the rank stays, as in a masked autoencoder', () => {
    // Measured on MNIST: ViT of 64 in 35 steps, ViT-Tiny in 23, which then had 45 % by kNN.
    expect(of({ deviation: 0.0022, effectiveRank: 22.3 }, { deviation: 0.0121, effectiveRank: 21.1 })).toBeUndefined();
    expect(of({ deviation: 0.00082, effectiveRank: 30.5 }, { deviation: 0.012, effectiveRank: 21 })).toBeUndefined();
    expect(of({ deviation: 0.0012, effectiveRank: 9 })).toMatch(/point/);
    // Rounding errors are spread over all dimensions.
    expect(of({ deviation: 5e-6, effectiveRank: 40 })).toMatch(/point/);
  });

  it('leaves alone what was low from the start, unless nothing is left', () => {
    expect(of({ deviation: 0.0004, effectiveRank: 1.2 }, { deviation: 0.0005, effectiveRank: 1.4 })).toBeUndefined();
    expect(of({ deviation: 0, effectiveRank: 0 }, { deviation: 0, effectiveRank: 0 })).toMatch(/point/);
  });

  it('does not speak of ranks that so few rows cannot have', () => {
    expect(of({ rows: 256, effectiveRank: 0.9 })).toMatch(/few dimensions/);
    expect(of({ rows: 8, effectiveRank: 0.9 })).toBeUndefined();
  });
});

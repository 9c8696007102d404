import { foldIn, ndArray, randomKey } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import { DataLoader } from '../loader/data-loader.js';
import { cutmix } from './cutmix.js';
import { mixup } from './mixup.js';
import { supervisedViews } from './supervised-views.js';

// Image i is all 8 i, class i: a pixel tells what was mixed.
const dataset = new ImageArrayDataset(
  ndArray(
    Uint8Array.from({ length: 30 * 12 * 12 }, (_, i) => Math.floor(i / 144) * 8),
    [30, 12, 12],
  ),
  Array.from({ length: 30 }, (_, index) => index),
);

describe.each([
  ['mixup', mixup],
  ['cutmix', cutmix],
] as const)('%s of a loader’s batches', (_, mix) => {
  it('mixes images and targets alike, with views or without, the last short batch too, and from any position', async () => {
    const run = async (from: number): Promise<number[][]> => {
      const loader = new DataLoader({ dataset, batchSize: 8, dropLast: false, seed: 2, workers: 0 });
      const sums: number[][] = [];
      let position = from;
      for await (const { images, labels } of loader.epoch(1, from)) {
        const key = foldIn(foldIn(randomKey(7), 1), position++);
        const mixed = mix({ images, labels: labels! }, key);
        expect(mixed.images.shape).toEqual([position === 4 ? 6 : 8, 12, 12, 1]);
        sums.push([...mixed.images.data]);
        for (const [slot, label] of labels!.data.entries()) {
          expect(mixed.labels!.data[slot]).toBe(label);
          const partner = labels!.data[mixed.partners.data[slot]!]!;
          expect(mixed.partnerLabels!.data[slot]).toBe(partner);
          const lambda = mixed.lambda.data[slot]!;
          const pixels = mixed.images.data.subarray(slot * 144, slot * 144 + 144);
          const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / 144;
          // Half a level is lost to rounding.
          expect(Math.abs(mean - 8 * (lambda * label + (1 - lambda) * partner))).toBeLessThanOrEqual(0.501);
        }
      }
      return sums;
    };
    const whole = await run(0);
    expect(whole).toHaveLength(4);
    expect(await run(2)).toEqual(whole.slice(2));
  });

  it('takes the one view of supervised training', async () => {
    const loader = new DataLoader({ dataset, views: supervisedViews({ size: 6 }), batchSize: 10, workers: 0 });
    for await (const { views, labels } of loader.epoch(0)) {
      const mixed = mix({ images: views[0]!, labels: labels! }, randomKey(1));
      expect(mixed.images.shape).toEqual([10, 6, 6, 1]);
      expect(mixed.images.data).not.toEqual(views[0]!.data);
    }
  });
});

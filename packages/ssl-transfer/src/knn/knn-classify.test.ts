import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { topKAccuracy } from '../metrics/top-k-accuracy.js';
import { knnClassify } from './knn-classify.js';

interface Golden {
  readonly train: number[];
  readonly test: number[];
  readonly labels: number[];
  readonly cases: {
    k: number;
    temperature: number;
    indexes: number[];
    similarities: number[];
    shares: number[];
    predictions: number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/transfer/knn.json', import.meta.url), 'utf8'),
) as Golden;
const train = { data: Float32Array.from(golden.train), shape: [40, 8] };
const test = { data: Float32Array.from(golden.test), shape: [12, 8] };
const trainLabels = Int32Array.from(golden.labels);
const testLabels = Int32Array.from({ length: 12 }, (_, i) => i % 4);

describe('knnClassify', () => {
  it.each(golden.cases)('equals PyTorch at k = $k, temperature $temperature', async (expected) => {
    const { k, temperature } = expected;
    const result = await knnClassify({ train, trainLabels, test, testLabels, k, temperature });
    expect(Array.from(result.predictions)).toEqual(expected.predictions);
    expect(Array.from(result.neighbours.indexes.data)).toEqual(expected.indexes);
    expected.similarities.forEach((value, i) => expect(result.neighbours.similarities.data[i]).toBeCloseTo(value, 5));
    expected.shares.forEach((value, i) => expect(result.scores.data[i]).toBeCloseTo(value, 5));
    expect(result.accuracy).toBe(expected.predictions.filter((label, i) => label === i % 4).length / 12);
  });

  it('does not overflow at a tiny temperature and then follows the nearest', async () => {
    const nearest = await knnClassify({ train, trainLabels, test, k: 1 });
    const sharp = await knnClassify({ train, trainLabels, test, k: 20, temperature: 1e-5 });
    expect(sharp.predictions).toEqual(nearest.predictions);
    expect(sharp.scores.data.every(Number.isFinite)).toBe(true);
  });

  it('gives classes without samples no votes', async () => {
    const { scores } = await knnClassify({ train, trainLabels, test, classes: 6 });
    expect(scores.shape).toEqual([12, 6]);
    expect(scores.data[4]).toBe(0);
  });

  it('top-k accuracy of the votes counts voted classes alone', async () => {
    const { scores } = await knnClassify({ train, trainLabels: trainLabels.map(() => 2), test, classes: 6 });
    const share = (label: number): number => topKAccuracy(scores, new Int32Array(12).fill(label), 5);
    expect([0, 1, 2, 3, 4, 5].map(share)).toEqual([0, 0, 1, 0, 0, 0]);
  });

  it('refuses labels and options that do not fit', async () => {
    await expect(knnClassify({ train, trainLabels: new Int32Array(3), test })).rejects.toThrow(ShapeError);
    await expect(knnClassify({ train, trainLabels, test, classes: 2 })).rejects.toThrow(DataError);
    await expect(knnClassify({ train, trainLabels, test, temperature: 0 })).rejects.toThrow(InvalidOptionError);
    await expect(knnClassify({ train, trainLabels, test, k: 41 })).rejects.toThrow('in [1, 40]');
  });
});

/** Methods that look at places of a map or at patches, and two of whole views: SimCLR v2 and FastSiam. */
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset, simclrViews, vicreglViews } from '@selfsup/ssl-data';
import { DenseCl, FastSiam, SimClrV2, SmallConvEncoder, VicregL } from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, side, statistics } from './pictures.js';

const loader =
  (pairs = 1) =>
  () =>
    new DataLoader({
      dataset,
      views: Array.from({ length: pairs }, () => simclrViews({ size: side })).flat(),
      batchSize: 16,
      shuffle: true,
      workers: 0,
      seed: 4,
    });

const common = () => ({ backbone: encoder(), key: randomKey(3), normalize: statistics, outDim: 8 });

const denseCl = (lambda: number): DenseCl => new DenseCl({ ...common(), queueSize: 64, momentum: 0.9, lambda });

const fastSiam = (normalize = statistics): FastSiam => new FastSiam({ ...common(), outDim: 16, normalize });

const simClrV2 = (temperature: number): SimClrV2 => new SimClrV2({ ...common(), temperature });

/**
 * Noise, larger than its views: of places that are alike, in looks or in distance, rounding would choose the match.
 */
const noise = (): ImageArrayDataset => {
  const random = new RandomStream(randomKey(6));
  const data = Uint8Array.from({ length: 64 * 41 * 37 }, () => random.integer(256));
  return new ImageArrayDataset({ data, shape: [64, 41, 37, 1] });
};

const vicregL = (alpha: number): VicregL =>
  new VicregL({
    ...common(),
    backbone: new SmallConvEncoder({ key: randomKey(2), channels: [8, 16], strides: [2, 2] }),
    depth: 2,
    hiddenDim: 32,
    localHiddenDim: 16,
    localOutDim: 6,
    numMatches: [4, 2],
    alpha,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'DenseCl, two batches an update',
    method: () => denseCl(0.5),
    changed: { method: () => denseCl(0.7), setting: 'settings.lambda' },
    loader: loader(),
    accumulateSteps: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'FastSiam',
    method: () => fastSiam(),
    changed: { method: () => fastSiam({ ...statistics, mean: 0.4 }), setting: 'settings.normalize.mean' },
    loader: loader(2),
    learningRate: 5e-3,
    // A cosine, less one is better.
    learns: { steps: 60, ratio: 1.5 },
  }),
  entry({
    name: 'SimClrV2',
    method: () => simClrV2(0.5),
    changed: { method: () => simClrV2(0.2), setting: 'settings.temperature' },
    loader: loader(),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.97 },
  }),
  entry({
    name: 'VicregL',
    method: () => vicregL(0.75),
    changed: { method: () => vicregL(0.9), setting: 'settings.alpha' },
    loader: () =>
      new DataLoader({
        dataset: noise(),
        views: vicreglViews({ size: side }),
        batchSize: 16,
        shuffle: true,
        workers: 0,
        seed: 4,
      }),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
];

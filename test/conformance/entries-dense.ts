/** Methods that look at places of a map or at patches, and two of whole views: SimCLR v2 and FastSiam. */
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { DataLoader, dinov2Views, ImageArrayDataset, simclrViews, vicreglViews } from '@selfsup/ssl-data';
import { AdamW } from '@selfsup/ssl-train';
import {
  Capi,
  DenseCl,
  DinoHead,
  DinoV2,
  FastSiam,
  SimClrV2,
  SmallConvEncoder,
  VicregL,
  VisionTransformer,
} from '@selfsup/ssl-vision';
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

const vit = (): VisionTransformer =>
  new VisionTransformer({
    key: randomKey(2),
    imageSize: side,
    patchSize: 4,
    inChannels: 1,
    dim: 16,
    depth: 1,
    heads: 2,
    maskToken: true,
  });

const anchored = (weight: number): DinoV2 =>
  new DinoV2({
    backbone: vit(),
    head: new DinoHead(16, { key: randomKey(3), hiddenDim: 16, bottleneckDim: 8, outDim: 12 }),
    normalize: statistics,
    momentum: 0.9,
    gram: { takeStep: 2, startStep: 5, everySteps: 3, weight },
  });

const capi = (studentTemperature: number): Capi =>
  new Capi({
    backbone: new VisionTransformer({
      key: randomKey(2),
      imageSize: side,
      patchSize: 3,
      inChannels: 1,
      dim: 16,
      depth: 1,
      heads: 2,
    }),
    key: randomKey(3),
    normalize: statistics,
    predictor: { dim: 16, depth: 1, heads: 2 },
    clusters: 8,
    predictedShare: 0.5,
    studentTemperature,
    momentum: 0.9,
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
    name: 'Capi',
    method: () => capi(0.12),
    changed: { method: () => capi(0.2), setting: 'settings.studentTemperature' },
    loader: () =>
      new DataLoader({ dataset, views: [(image) => image], batchSize: 16, shuffle: true, workers: 0, seed: 4 }),
    learningRate: 6e-3,
    optimizer: (method) => new AdamW((method as unknown as Capi).parameterGroups()),
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'DinoV2, Gram anchoring and two batches an update',
    method: () => anchored(2),
    changed: { method: () => anchored(1), setting: 'settings.gram.weight' },
    loader: () =>
      new DataLoader({
        dataset,
        views: dinov2Views({ size: side, localSize: 8, localCount: 1 }),
        batchSize: 8,
        shuffle: true,
        workers: 0,
        seed: 4,
      }),
    accumulateSteps: 2,
    phases: 3,
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

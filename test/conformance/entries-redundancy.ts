/** Methods without negatives that keep features apart by their statistics, and those that tell pixels. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, simclrViews } from '@selfsup/ssl-data';
import { Autoencoder, BarlowTwins, SimMim, Vicreg, VisionTransformer } from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, side, statistics } from './pictures.js';

const loader = () =>
  new DataLoader({ dataset, views: simclrViews({ size: side }), batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const common = () => ({ backbone: encoder(), key: randomKey(3), normalize: statistics, hiddenDim: 32, outDim: 8 });

const barlowTwins = (lambda: number): BarlowTwins => new BarlowTwins({ ...common(), depth: 2, lambda, scale: 0.1 });

const vicreg = (mu: number): Vicreg => new Vicreg({ ...common(), depth: 2, mu });

const single = () =>
  new DataLoader({ dataset, views: [(image) => image], batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const simMim = (maskRatio: number): SimMim =>
  new SimMim({
    backbone: new VisionTransformer({
      key: randomKey(2),
      imageSize: side,
      patchSize: 2,
      inChannels: 1,
      dim: 16,
      depth: 1,
      heads: 2,
      maskToken: true,
    }),
    key: randomKey(3),
    normalize: statistics,
    maskRatio,
  });

const autoencoder = (corruption: 'none' | 'masking', amount: number): Autoencoder =>
  new Autoencoder({
    backbone: encoder(),
    key: randomKey(3),
    normalize: statistics,
    imageSize: side,
    inChannels: 1,
    channels: [16, 8],
    corruption,
    amount,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'BarlowTwins',
    method: () => barlowTwins(0.01),
    changed: { method: () => barlowTwins(0.02), setting: 'settings.lambda' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Vicreg',
    method: () => vicreg(25),
    changed: { method: () => vicreg(10), setting: 'settings.mu' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'SimMim, two batches an update',
    method: () => simMim(0.6),
    changed: { method: () => simMim(0.5), setting: 'settings.maskRatio' },
    loader: single,
    accumulateSteps: 2,
    learningRate: 6e-3,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'Autoencoder',
    method: () => autoencoder('none', 0.3),
    changed: { method: () => autoencoder('masking', 0.3), setting: 'settings.corruption' },
    loader: single,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'Autoencoder, denoising',
    method: () => autoencoder('masking', 0.25),
    changed: { method: () => autoencoder('masking', 0.3), setting: 'settings.amount' },
    loader: single,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
];

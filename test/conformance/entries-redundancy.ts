/** Methods without negatives that keep features apart by their statistics, and those that tell pixels. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, simclrViews } from '@selfsup/ssl-data';
import {
  Autoencoder,
  BarlowTwins,
  Frossl,
  IJepa,
  LeJepa,
  Mmcr,
  SimMim,
  TiCo,
  Vicreg,
  VisionTransformer,
  VisReg,
  WMse,
} from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, side, statistics } from './pictures.js';

const loader = () =>
  new DataLoader({ dataset, views: simclrViews({ size: side }), batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const common = () => ({ backbone: encoder(), key: randomKey(3), normalize: statistics, hiddenDim: 32, outDim: 8 });

const barlowTwins = (lambda: number): BarlowTwins => new BarlowTwins({ ...common(), depth: 2, lambda, scale: 0.1 });

const vicreg = (mu: number): Vicreg => new Vicreg({ ...common(), depth: 2, mu });

const frossl = (invarianceWeight: number): Frossl => new Frossl({ ...common(), depth: 2, invarianceWeight });

const wMse = (wIter: number): WMse => new WMse({ ...common(), outDim: 4, wSize: 8, wIter });

const tiCo = (rho: number): TiCo => new TiCo({ ...common(), rho, momentum: 0.9 });

const mmcr = (lambda: number): Mmcr => new Mmcr({ ...common(), depth: 2, lambda, momentum: 0.9 });

const leJepa = (lambda: number): LeJepa => new LeJepa({ ...common(), depth: 2, lambda, directions: 32 });

const visReg = (lambda: number): VisReg => new VisReg({ ...common(), depth: 2, lambda, directions: 32 });

/** Two global views and two local ones. */
const crops = (batchSize: number) => () => {
  const views = [...simclrViews({ size: side }), ...simclrViews({ size: 8 })];
  return new DataLoader({ dataset, views, batchSize, shuffle: true, workers: 0, seed: 4 });
};

const single = () =>
  new DataLoader({ dataset, views: [(image) => image], batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const vit = (maskToken: boolean, patchSize = 2): VisionTransformer =>
  new VisionTransformer({
    key: randomKey(2),
    imageSize: side,
    patchSize,
    inChannels: 1,
    dim: 16,
    depth: 1,
    heads: 2,
    maskToken,
  });

const simMim = (maskRatio: number): SimMim =>
  new SimMim({ backbone: vit(true), key: randomKey(3), normalize: statistics, maskRatio });

const iJepa = (momentum: number): IJepa =>
  new IJepa({
    backbone: vit(false, 3),
    key: randomKey(3),
    normalize: statistics,
    predictor: { dim: 16, depth: 1, heads: 2 },
    targetCount: 2,
    momentum,
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
  entry({
    name: 'IJepa',
    method: () => iJepa(0.99),
    changed: { method: () => iJepa(0.9), setting: 'settings.momentum' },
    loader: single,
    learningRate: 6e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Frossl',
    method: () => frossl(1),
    changed: { method: () => frossl(2), setting: 'settings.invarianceWeight' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 1.05 },
  }),
  entry({
    name: 'WMse',
    method: () => wMse(1),
    changed: { method: () => wMse(2), setting: 'settings.wIter' },
    loader,
    learningRate: 1e-2,
    learns: { steps: 120, ratio: 0.97 },
  }),
  entry({
    name: 'TiCo, two batches an update',
    method: () => tiCo(8),
    changed: { method: () => tiCo(4), setting: 'settings.rho' },
    loader,
    accumulateSteps: 2,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Mmcr',
    method: () => mmcr(0.005),
    changed: { method: () => mmcr(0.05), setting: 'settings.lambda' },
    loader,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 1.05 },
  }),
  entry({
    name: 'LeJepa',
    method: () => leJepa(0.05),
    changed: { method: () => leJepa(0.1), setting: 'settings.lambda' },
    loader: crops(16),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'VisReg',
    method: () => visReg(0.6),
    changed: { method: () => visReg(0.5), setting: 'settings.lambda' },
    // Ranks of few images have quantiles that spread less than a Gaussian: features then shrink.
    loader: crops(64),
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
];

/** Methods that tell a picture's tokens, and those that tell features of one place or scale from another's. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, simclrViews } from '@selfsup/ssl-data';
import {
  Amdim,
  Beit,
  beitTransformer,
  Cpc,
  DiscreteVae,
  fitPalette,
  IGpt,
  PatchwiseEncoder,
  PixelTransformer,
  VisualTokenizer,
} from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, images, side, statistics } from './pictures.js';

const single = () =>
  new DataLoader({ dataset, views: [(image) => image], batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const tokenizer = (): VisualTokenizer =>
  new VisualTokenizer({
    key: randomKey(2),
    inChannels: 1,
    downsampling: 2,
    vocabulary: 8,
    width: 8,
    codeWidth: 8,
    blocks: 1,
  });

const discreteVae = (klWeight: number): DiscreteVae =>
  new DiscreteVae({ tokenizer: tokenizer(), klWeight, annealing: 0.5, klWarmup: 0.1 });

const beit = (maskRatio: number): Beit =>
  new Beit({
    backbone: beitTransformer({
      key: randomKey(2),
      imageSize: side,
      patchSize: 2,
      inChannels: 1,
      dim: 16,
      depth: 1,
      heads: 2,
    }),
    tokenizer: tokenizer(),
    key: randomKey(3),
    normalize: statistics,
    maskRatio,
  });

const cpc = (scale: number): Cpc =>
  new Cpc({
    backbone: new PatchwiseEncoder({ encoder: encoder(), patchSize: 4, stride: 4 }),
    key: randomKey(3),
    normalize: statistics,
    directions: ['down', 'left'],
    contextBlocks: 1,
    contextDim: 8,
    targetDim: 8,
    rows: [1, 1],
    scale,
  });

const pairs = () =>
  new DataLoader({ dataset, views: simclrViews({ size: side }), batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const amdim = (tanhClip: number): Amdim =>
  new Amdim({ backbone: encoder(), key: randomKey(3), normalize: statistics, outDim: 8, tanhClip });

const palette = fitPalette(images, { key: randomKey(5), normalize: statistics, colours: 6 });

/** Each of 144 tokens. */
const few = () =>
  new DataLoader({ dataset, views: [(image) => image], batchSize: 8, shuffle: true, workers: 0, seed: 4 });

const iGpt = (causal: boolean, maskRatio: number): IGpt =>
  new IGpt({
    backbone: new PixelTransformer({
      key: randomKey(2),
      palette,
      imageSize: side,
      dim: 16,
      depth: 1,
      heads: 2,
      causal,
    }),
    key: randomKey(3),
    normalize: statistics,
    maskRatio,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'DiscreteVae',
    method: () => discreteVae(0.2),
    changed: { method: () => discreteVae(0.3), setting: 'settings.klWeight' },
    loader: single,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'Beit, two batches an update',
    method: () => beit(0.4),
    changed: { method: () => beit(0.5), setting: 'settings.maskRatio' },
    loader: single,
    accumulateSteps: 2,
    learningRate: 6e-3,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'Cpc',
    method: () => cpc(0.1),
    changed: { method: () => cpc(0.2), setting: 'settings.scale' },
    loader: single,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'Amdim',
    method: () => amdim(20),
    changed: { method: () => amdim(10), setting: 'settings.tanhClip' },
    loader: pairs,
    learningRate: 5e-3,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'IGpt',
    method: () => iGpt(true, 0.15),
    changed: undefined,
    loader: few,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
  entry({
    name: 'IGpt, masked',
    method: () => iGpt(false, 0.15),
    changed: { method: () => iGpt(false, 0.3), setting: 'settings.maskRatio' },
    loader: few,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.9 },
  }),
];

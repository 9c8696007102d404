/** Methods that tell a picture's tokens, and those that tell features of one place or scale from another's. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader } from '@selfsup/ssl-data';
import { Beit, beitTransformer, DiscreteVae, VisualTokenizer } from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, entry, side, statistics } from './pictures.js';

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
];

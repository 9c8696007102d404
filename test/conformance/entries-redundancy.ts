/** Methods without negatives that keep features apart by their statistics. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader, simclrViews } from '@selfsup/ssl-data';
import { BarlowTwins, Vicreg } from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, side, statistics } from './pictures.js';

const loader = () =>
  new DataLoader({ dataset, views: simclrViews({ size: side }), batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const common = () => ({ backbone: encoder(), key: randomKey(3), normalize: statistics, hiddenDim: 32, outDim: 8 });

const barlowTwins = (lambda: number): BarlowTwins => new BarlowTwins({ ...common(), depth: 2, lambda, scale: 0.1 });

const vicreg = (mu: number): Vicreg => new Vicreg({ ...common(), depth: 2, mu });

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
];

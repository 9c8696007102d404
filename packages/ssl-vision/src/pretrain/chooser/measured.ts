// Written by `npm run measured` from bench/results/methods.json. Do not change by hand.
import type { MeasuredMethod } from './measured-method.js';

/** What `npm run bench:methods` has measured. */
export const measured: readonly MeasuredMethod[] = [
  { data: 'letters', method: 'simclr', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.7051, probe10: 0.5562, probe60: 0.7406, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 93, threads: 2, peakMemory: 600 },
  { data: 'letters', method: 'byol', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.6333, probe10: 0.4552, probe60: 0.6626, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 150, threads: 2, peakMemory: 642 },
  { data: 'letters', method: 'moco', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.6958, probe10: 0.5432, probe60: 0.7343, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 82, threads: 2, peakMemory: 538 },
  { data: 'letters', method: 'barlow-twins', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.7218, probe10: 0.5635, probe60: 0.7448, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 178, threads: 2, peakMemory: 821 },
  { data: 'letters', method: 'vicreg', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.7282, probe10: 0.5965, probe60: 0.7692, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 206, threads: 2, peakMemory: 1019 },
  { data: 'letters', method: 'simsiam', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.6231, probe10: 0.4506, probe60: 0.6766, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 177, threads: 2, peakMemory: 904 },
  { data: 'letters', method: 'nnclr', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.6301, probe10: 0.4569, probe60: 0.6652, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 157, threads: 2, peakMemory: 730 },
  { data: 'letters', method: 'swav', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.6215, probe10: 0.4749, probe60: 0.6878, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 103, threads: 2, peakMemory: 713 },
];

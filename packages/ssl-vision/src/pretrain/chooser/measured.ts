// Written by `npm run measured` from bench/results/methods.json. Do not change by hand.
import type { MeasuredMethod } from './measured-method.js';

/** What `npm run bench:methods` has measured. */
export const measured: readonly MeasuredMethod[] = [
  { data: 'letters', method: 'simclr', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.7051, probe10: 0.5562, probe60: 0.7406, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 93, threads: 2, peakMemory: 600 },
  { data: 'letters', method: 'byol', encoder: 'small-conv', images: 18720, epochs: 4, batchSize: 64, seeds: 1, knn: 0.5452, probe10: 0.3828, probe60: 0.6092, random: { knn: 0.4644, probe10: 0.1804, probe60: 0.3243 }, seconds: 169, threads: 2, peakMemory: 646 },
];

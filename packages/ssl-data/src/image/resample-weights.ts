import { filterWeights } from './filter-weights.js';

/** Weights of the triangle filter: bilinear resampling with antialiasing. */
export const resampleWeights = filterWeights(1, (distance) => Math.max(0, 1 - Math.abs(distance)));

import { filterWeights } from './filter-weights.js';

/**
 * Weights of Keys' cubic filter with a = -0.5.
 *
 * Source: Keys 1981, "Cubic convolution interpolation for digital image processing".
 */
export const bicubicWeights = filterWeights(2, (distance) => {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
});

import type { RandomStream } from '@selfsup/ssl-core';

/**
 * A number of the Beta distribution, as the share of one of two Gamma variables in their sum.
 *
 * Source: Marsaglia and Tsang 2000, "A simple method for generating gamma variables", with their section 6 for shapes
 * below 1, here in logarithms: `u^(1/a)` of a small shape underflows.
 */
export function drawBeta(a: number, b: number, random: RandomStream): number {
  const first = logGamma(a, random);
  const second = logGamma(b, random);
  return 1 / (1 + Math.exp(second - first));
}

/** Logarithm of a Gamma variable. */
function logGamma(shape: number, random: RandomStream): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root ** 3;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

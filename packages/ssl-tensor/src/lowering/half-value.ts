const [largest, leastNormal, leastStep] = [65_504, 2 ** -14, 2 ** -24];

/** Exponent of a positive number: the e with 2^e <= x < 2^(e + 1). Exact, where the logarithm may be off by rounding. */
function exponentOf(x: number): number {
  const e = Math.floor(Math.log2(x));
  return 2 ** e > x ? e - 1 : 2 ** (e + 1) <= x ? e + 1 : e;
}

/**
 * The float16 nearest to a number, as a number: to even in the middle, subnormal below 2^-14, infinite from 65,520 on.
 *
 * Source: IEEE 754-2019, binary16 (11 significant bits, largest number 65,504), roundTiesToEven.
 */
export function halfValue(x: number): number {
  const size = Math.abs(x);
  if (!Number.isFinite(x) || size === 0) return x;
  const step = size < leastNormal ? leastStep : 2 ** (exponentOf(size) - 10);
  // Divided by a power of two: exact, and so is the difference.
  const steps = Math.floor(size / step);
  const rest = size / step - steps;
  const up = rest > 0.5 || (rest === 0.5 && steps % 2 === 1);
  const rounded = (steps + Number(up)) * step;
  return Math.sign(x) * (rounded > largest ? Infinity : rounded);
}

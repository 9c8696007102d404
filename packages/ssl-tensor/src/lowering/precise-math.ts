import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/**
 * Functions of float32 for devices whose own are coarse: WGSL allows sine and cosine an error of 2^-11, and the logarithm
 * and tanh one that is large beside small results. Composed of products and sums, good to about 2 units in the last place.
 */

/** `c0 + x (c1 + x (c2 + ...))`. */
function polynomial(b: Builder, x: Value, coefficients: readonly number[]): Value {
  const [highest, ...rest] = coefficients.toReversed();
  return rest.reduce<Value>((sum, c) => b.add(b.mul(sum, x), b.scalar(c)), b.scalar(highest!));
}

/** pi / 2 in three parts, of which the first two leave room for exact products (Cody and Waite 1980). */
const quarterTurn = [1.5703125, 4.837512969970703e-4, 7.549789954891882e-8] as const;

/** Coefficients of Moshier's Cephes library (sinf.c), for arguments within pi / 4. */
const sineSeries = [-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4] as const;
const cosineSeries = [4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5] as const;

/** Sine of `x` plus `shift` quarter turns; exact to rounding for |x| up to some thousands, of no meaning beyond 1e6. */
function shiftedSine(b: Builder, x: Value, shift: 0 | 1): Value {
  const turns = b.unary('Round', b.mul(x, b.scalar(2 / Math.PI)));
  const r = quarterTurn.reduce((rest, part) => b.sub(rest, b.mul(turns, b.scalar(part))), x);
  const z = b.mul(r, r);
  const sine = b.add(r, b.mul(b.mul(r, z), polynomial(b, z, sineSeries)));
  const cosine = b.add(b.sub(b.scalar(1), b.mul(z, b.scalar(0.5))), b.mul(b.mul(z, z), polynomial(b, z, cosineSeries)));
  const modulo = (value: Value, divisor: number): Value =>
    b.sub(value, b.mul(b.unary('Floor', b.mul(value, b.scalar(1 / divisor))), b.scalar(divisor)));
  const quadrant = modulo(b.add(turns, b.scalar(shift)), 4);
  const half = b.scalar(0.5);
  const magnitude = b.where(b.binary('Greater', modulo(quadrant, 2), half, 'bool'), cosine, sine);
  return b.where(b.binary('Greater', quadrant, b.scalar(1.5), 'bool'), b.unary('Neg', magnitude), magnitude);
}

export const preciseSine = (b: Builder, x: Value): Value => shiftedSine(b, x, 0);
export const preciseCosine = (b: Builder, x: Value): Value => shiftedSine(b, x, 1);

const isSmall = (b: Builder, x: Value): Value => b.binary('Less', b.unary('Abs', x), b.scalar(0.5), 'bool');

/** Logarithm of 1 + x: near 0 the series of `2 atanh(x / (2 + x))`. */
export function preciseLog1p(b: Builder, x: Value): Value {
  const small = isSmall(b, x);
  const inside = b.where(small, x, b.scalar(0));
  const s = b.div(inside, b.add(inside, b.scalar(2)));
  const series = Array.from({ length: 8 }, (_, index) => 2 / (2 * index + 1));
  return b.where(small, b.mul(s, polynomial(b, b.mul(s, s), series)), b.unary('Log', b.add(x, b.scalar(1))));
}

/** exp(x) - 1: near 0 Taylor's series. */
export function preciseExpm1(b: Builder, x: Value): Value {
  let factorial = 1;
  const series = Array.from({ length: 9 }, (_, index) => 1 / (factorial *= index + 1));
  const inside = b.where(isSmall(b, x), x, b.scalar(0));
  const near = b.mul(inside, polynomial(b, inside, series));
  return b.where(isSmall(b, x), near, b.sub(b.unary('Exp', x), b.scalar(1)));
}

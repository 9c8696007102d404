import { type Code, i16x8, i32, i32x4, i8x16, v128 } from './wasm-code.js';
import { type BodyTools, type Local, wasmFunction } from './wasm-module.js';

/** Values of two distances side by side, lanes 0..3 and 4..7. */
const lowPairs = [0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23];
const highPairs = [8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31];

/** Adds two distances' pairs of neighbours, weighted, to eight sums. */
function addPairs({ local }: BodyTools, even: Code, odd: Code, weight: Local, low: Local, high: Local): Code {
  const [near, far, factors] = [local('v128'), local('v128'), local('v128')];
  const summed = (sum: Local, lanes: readonly number[]): Code =>
    sum.set(i32x4.add(sum.get, i32x4.dotI16x8s(v128.shuffle(lanes, near.get, far.get), factors.get)));
  return [
    ...near.set(even),
    ...far.set(odd),
    ...factors.set(v128.load32Splat(weight.get)),
    ...summed(low, lowPairs),
    ...summed(high, highPairs),
  ];
}

const rounded = (sum: Local, bits: number): Code =>
  i32x4.shrS(i32x4.add(sum.get, i32x4.splat(i32.const(1 << (bits - 1)))), i32.const(bits));

/**
 * Horizontal pass from levels to 64ths of a level: `source` points to the first pixel of a row with margins on both
 * sides; `step` is the bytes of a pixel; `weights` are pairs of 16-bit weights, of distances 0 and 1, 2 and 3, and so
 * on to `weightsEnd`. Reads and writes up to seven values too many.
 */
export const blurRows = wasmFunction(
  'blurRows',
  ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  ([source, stride, rows, out, length, step, weights, weightsEnd], tools) => {
    const { local, repeat } = tools;
    const [y, i, before, after, weight] = [local('i32'), local('i32'), local('i32'), local('i32'), local('i32')];
    const [low, high] = [local('v128'), local('v128')];
    const minus = (pointer: Code): Code => i32.add(pointer, i32.mul(step.get, i32.const(-1)));
    const pair = [
      ...addPairs(
        tools,
        i16x8.add(v128.load8x8u(before.get), v128.load8x8u(after.get)),
        i16x8.add(v128.load8x8u(minus(before.get)), v128.load8x8u(i32.add(after.get, step.get))),
        weight,
        low,
        high,
      ),
      ...before.grow(i32.mul(step.get, i32.const(-2))),
      ...after.grow(i32.shl(step.get, i32.const(1))),
      ...weight.grow(i32.const(4)),
    ];
    const columns = [
      ...low.set(i32x4.splat(i32.const(0))),
      ...high.set(i32x4.splat(i32.const(0))),
      ...before.set(i32.add(source.get, i.get)),
      ...after.set(before.get),
      ...weight.set(weights.get),
      ...repeat(pair, i32.lessUnsigned(weight.get, weightsEnd.get)),
      ...v128.store(
        i32.add(out.get, i32.shl(i.get, i32.const(1))),
        i16x8.narrowI32x4s(rounded(low, 8), rounded(high, 8)),
      ),
      ...i.grow(i32.const(8)),
    ];
    const row = [
      ...i.set(i32.const(0)),
      ...repeat(columns, i32.lessUnsigned(i.get, length.get)),
      ...source.grow(stride.get),
      ...out.grow(i32.shl(length.get, i32.const(1))),
      ...y.grow(i32.const(1)),
    ];
    return repeat(row, i32.lessUnsigned(y.get, rows.get));
  },
);

/**
 * Vertical pass from 64ths of a level to levels: `addresses` points to the address of row 0 in a table that goes on with
 * the reflected rows on both sides. Reads and writes up to seven values too many.
 */
export const blurColumns = wasmFunction(
  'blurColumns',
  ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  ([addresses, rows, out, length, weights, weightsEnd], tools) => {
    const { local, repeat } = tools;
    const [y, i, before, after, weight] = [local('i32'), local('i32'), local('i32'), local('i32'), local('i32')];
    const [low, high] = [local('v128'), local('v128')];
    const values = (entry: Code): Code => v128.load(i32.add(i32.load(entry), i32.shl(i.get, i32.const(1))));
    const pair = [
      ...addPairs(
        tools,
        i16x8.add(values(before.get), values(after.get)),
        i16x8.add(values(i32.add(before.get, i32.const(-4))), values(i32.add(after.get, i32.const(4)))),
        weight,
        low,
        high,
      ),
      ...before.grow(i32.const(-8)),
      ...after.grow(i32.const(8)),
      ...weight.grow(i32.const(4)),
    ];
    const levels = i16x8.narrowI32x4s(rounded(low, 20), rounded(high, 20));
    const columns = [
      ...low.set(i32x4.splat(i32.const(0))),
      ...high.set(i32x4.splat(i32.const(0))),
      ...before.set(addresses.get),
      ...after.set(addresses.get),
      ...weight.set(weights.get),
      ...repeat(pair, i32.lessUnsigned(weight.get, weightsEnd.get)),
      ...v128.store64(i32.add(out.get, i.get), i8x16.narrowI16x8u(levels, levels)),
      ...i.grow(i32.const(8)),
    ];
    const row = [
      ...i.set(i32.const(0)),
      ...repeat(columns, i32.lessUnsigned(i.get, length.get)),
      ...addresses.grow(i32.const(4)),
      ...out.grow(length.get),
      ...y.grow(i32.const(1)),
    ];
    return repeat(row, i32.lessUnsigned(y.get, rows.get));
  },
);

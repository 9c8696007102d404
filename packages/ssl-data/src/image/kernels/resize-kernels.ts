import { type Code, i16x8, i32, i32x4, i8x16, v128 } from './wasm-code.js';
import { type Local, wasmFunction } from './wasm-module.js';

const zero = i32x4.splat(i32.const(0));
const half = i32x4.splat(i32.const(1 << 21));
const toLevels = (sums: Code): Code => i32x4.shrS(sums, i32.const(22));

/** Low bits of a weight that is cut in two, so that vectors of 16 bits hold both parts. */
export const lowBits = 14;

/** Pixels `first` and `first + 1` of 16 bytes, side by side: red, red, green, green, blue, blue, 0, 0 as 16 bits each. */
const pixelPair = (first: number): Code =>
  v128.const(
    [0, 1, 2, 3].flatMap((channel) =>
      [0, 1].flatMap((pixel) => [channel === 3 ? 255 : 3 * (first + pixel) + channel, 255]),
    ),
  );

/**
 * Horizontal pass over rows of three channels: for each output pixel, the sum of inputs from `starts[x]` on with weights
 * of 2^22, rounded and cut to 0..255. Weights lie in groups of four inputs, `lengths[x]` bytes for an output, each the
 * four weights' upper parts and then their `lowBits` lower bits, 16 bits each. Reads up to 13 bytes beyond the last
 * input, writes one byte too many.
 */
export const resizeRows = wasmFunction(
  'resizeRows',
  ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  ([source, stride, rows, out, width, starts, lengths, weights, taps], { local, repeat }) => {
    const [y, x, from, weight, end] = [local('i32'), local('i32'), local('i32'), local('i32'), local('i32')];
    const [bytes, first, second, upper, lower] = [
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
      local('v128'),
    ];
    // Sums may wrap around on the way: their total fits.
    const summed = (sum: Local, offset: number): Code =>
      sum.set(
        i32x4.add(
          sum.get,
          i32x4.add(
            i32x4.dotI16x8s(first.get, v128.load32Splat(weight.get, offset)),
            i32x4.dotI16x8s(second.get, v128.load32Splat(weight.get, offset + 4)),
          ),
        ),
      );
    const group = [
      ...bytes.set(v128.load(from.get)),
      ...first.set(i8x16.swizzle(bytes.get, pixelPair(0))),
      ...second.set(i8x16.swizzle(bytes.get, pixelPair(2))),
      ...summed(upper, 0),
      ...summed(lower, 8),
      ...from.grow(i32.const(12)),
      ...weight.grow(i32.const(16)),
    ];
    const total = i32x4.add(i32x4.shl(upper.get, i32.const(lowBits)), lower.get);
    const words = i16x8.narrowI32x4s(upper.get, upper.get);
    // `x` counts in bytes of the tables: 4 a pixel.
    const column = [
      ...from.set(i32.add(source.get, i32.mul(i32.load(i32.add(starts.get, x.get)), i32.const(3)))),
      ...weight.set(i32.add(weights.get, i32.mul(x.get, taps.get))),
      ...end.set(i32.add(weight.get, i32.load(i32.add(lengths.get, x.get)))),
      ...upper.set(zero),
      ...lower.set(half),
      ...repeat(group, i32.lessUnsigned(weight.get, end.get)),
      ...upper.set(toLevels(total)),
      ...v128.store32(out.get, i8x16.narrowI16x8u(words, words)),
      ...out.grow(i32.const(3)),
      ...x.grow(i32.const(4)),
    ];
    const row = [
      ...x.set(i32.const(0)),
      ...repeat(column, i32.lessUnsigned(x.get, i32.shl(width.get, i32.const(2)))),
      ...source.grow(stride.get),
      ...y.grow(i32.const(1)),
    ];
    return repeat(row, i32.lessUnsigned(y.get, rows.get));
  },
);

/** Vertical pass over rows of `length` bytes, 16 columns at a time. Reads and writes up to 15 bytes too many. */
export const resizeColumns = wasmFunction(
  'resizeColumns',
  ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
  ([source, length, out, height, starts, counts, weights, taps], { local, repeat }) => {
    const [y, i, first, begin, from, weight, end] = [
      local('i32'),
      local('i32'),
      local('i32'),
      local('i32'),
      local('i32'),
      local('i32'),
      local('i32'),
    ];
    const [bytes, low, high, factor] = [local('v128'), local('v128'), local('v128'), local('v128')];
    const sums = [local('v128'), local('v128'), local('v128'), local('v128')] as const;
    const quarters = [
      i32x4.extendLowI16x8u(low.get),
      i32x4.extendHighI16x8u(low.get),
      i32x4.extendLowI16x8u(high.get),
      i32x4.extendHighI16x8u(high.get),
    ];
    const tap = [
      ...bytes.set(v128.load(from.get)),
      ...low.set(i16x8.extendLowI8x16u(bytes.get)),
      ...high.set(i16x8.extendHighI8x16u(bytes.get)),
      ...factor.set(v128.load32Splat(weight.get)),
      ...sums.flatMap((sum, part) => sum.set(i32x4.add(sum.get, i32x4.mul(quarters[part]!, factor.get)))),
      ...from.grow(length.get),
      ...weight.grow(i32.const(4)),
    ];
    const columns = [
      ...sums.flatMap((sum) => sum.set(half)),
      ...from.set(i32.add(first.get, i.get)),
      ...weight.set(begin.get),
      ...repeat(tap, i32.lessUnsigned(weight.get, end.get)),
      ...v128.store(
        i32.add(out.get, i.get),
        i8x16.narrowI16x8u(
          i16x8.narrowI32x4s(toLevels(sums[0].get), toLevels(sums[1].get)),
          i16x8.narrowI32x4s(toLevels(sums[2].get), toLevels(sums[3].get)),
        ),
      ),
      ...i.grow(i32.const(16)),
    ];
    // `y` counts in bytes of the tables: 4 a row.
    const row = [
      ...first.set(i32.add(source.get, i32.mul(i32.load(i32.add(starts.get, y.get)), length.get))),
      ...begin.set(i32.add(weights.get, i32.mul(y.get, taps.get))),
      ...end.set(i32.add(begin.get, i32.shl(i32.load(i32.add(counts.get, y.get)), i32.const(2)))),
      ...i.set(i32.const(0)),
      ...repeat(columns, i32.lessUnsigned(i.get, length.get)),
      ...out.grow(length.get),
      ...y.grow(i32.const(4)),
    ];
    return repeat(row, i32.lessUnsigned(y.get, i32.shl(height.get, i32.const(2))));
  },
);

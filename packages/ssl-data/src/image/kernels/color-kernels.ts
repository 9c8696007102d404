import { type Code, f32x4, i16x8, i32, i32x4, i8x16, v128 } from './wasm-code.js';
import { wasmFunction } from './wasm-module.js';

/** Bytes of the vectors that pick channel `channel` of four pixels; byte 16 is a zero. */
const channelBytes = (channel: number): readonly number[] =>
  [0, 3, 6, 9].flatMap((pixel) => [pixel + channel, 16, 16, 16]);
const zero = i32x4.splat(i32.const(0));

/** Red, green or blue of four pixels of three bytes, as integers. */
export const channelOf = (pixels: Code, channel: number): Code => v128.shuffle(channelBytes(channel), pixels, zero);

/** Four pixels of three bytes from integers 0..255; the last four bytes are of no use. */
export function interleave(red: Code, green: Code, blue: Code): Code {
  const words = v128.or(red, v128.or(i32x4.shl(green, i32.const(8)), i32x4.shl(blue, i32.const(16))));
  return v128.shuffle([0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 16, 16, 16], words, zero);
}

/** ITU-R 601 luma in 16-bit fixed point, Pillow's rounding. */
const luma = (pixels: Code): Code =>
  i32x4.shrS(
    [19595, 38470, 7471].reduce<Code>(
      (sum, weight, channel) => i32x4.add(sum, i32x4.mul(channelOf(pixels, channel), i32x4.splat(i32.const(weight)))),
      i32x4.splat(i32.const(0x8000)),
    ),
    i32.const(16),
  );

/** `from + factor (to - from)` in single precision, truncated; the caller clamps. */
const blend = (from: Code, to: Code, factor: Code): Code =>
  i32x4.truncSatF32x4s(f32x4.add(from, f32x4.mul(factor, f32x4.sub(to, from))));
const clamp = (levels: Code): Code =>
  i32x4.minS(i32x4.maxS(levels, i32x4.splat(i32.const(0))), i32x4.splat(i32.const(255)));

/** Blends every byte with one level. Reads and writes up to 15 bytes too many. */
export const blendLevels = wasmFunction(
  'blendLevels',
  ['i32', 'i32', 'i32', 'f32', 'f32'],
  ([source, out, length, level, share], { local, repeat }) => {
    const [end, bytes, low, high] = [local('i32'), local('v128'), local('v128'), local('v128')];
    const [from, factor] = [local('v128'), local('v128')];
    const blended = (quarter: Code): Code => blend(from.get, f32x4.convertI32x4s(quarter), factor.get);
    const halfOf = (half: Code): Code =>
      i16x8.narrowI32x4s(blended(i32x4.extendLowI16x8u(half)), blended(i32x4.extendHighI16x8u(half)));
    return [
      ...end.set(i32.add(source.get, length.get)),
      ...from.set(f32x4.splat(level.get)),
      ...factor.set(f32x4.splat(share.get)),
      ...repeat(
        [
          ...bytes.set(v128.load(source.get)),
          ...low.set(i16x8.extendLowI8x16u(bytes.get)),
          ...high.set(i16x8.extendHighI8x16u(bytes.get)),
          ...v128.store(out.get, i8x16.narrowI16x8u(halfOf(low.get), halfOf(high.get))),
          ...source.grow(i32.const(16)),
          ...out.grow(i32.const(16)),
        ],
        i32.lessUnsigned(source.get, end.get),
      ),
    ];
  },
);

/** Blends pixels of three bytes with their own grey. Reads and writes up to 13 bytes too many, as the kernels below. */
export const blendWithGrey = wasmFunction(
  'blendWithGrey',
  ['i32', 'i32', 'i32', 'f32'],
  ([source, out, length, share], { local, repeat }) => {
    const [end, pixels, grey, factor] = [local('i32'), local('v128'), local('v128'), local('v128')];
    const blended = (channel: number): Code =>
      clamp(blend(grey.get, f32x4.convertI32x4s(channelOf(pixels.get, channel)), factor.get));
    return [
      ...end.set(i32.add(source.get, length.get)),
      ...factor.set(f32x4.splat(share.get)),
      ...repeat(
        [
          ...pixels.set(v128.load(source.get)),
          ...grey.set(f32x4.convertI32x4s(luma(pixels.get))),
          ...v128.store(out.get, interleave(blended(0), blended(1), blended(2))),
          ...source.grow(i32.const(12)),
          ...out.grow(i32.const(12)),
        ],
        i32.lessUnsigned(source.get, end.get),
      ),
    ];
  },
);

/** Grey in all three channels. */
export const toGrey = wasmFunction('toGrey', ['i32', 'i32', 'i32'], ([source, out, length], { local, repeat }) => {
  const [end, grey] = [local('i32'), local('v128')];
  return [
    ...end.set(i32.add(source.get, length.get)),
    ...repeat(
      [
        ...grey.set(luma(v128.load(source.get))),
        ...v128.store(out.get, interleave(grey.get, grey.get, grey.get)),
        ...source.grow(i32.const(12)),
        ...out.grow(i32.const(12)),
      ],
      i32.lessUnsigned(source.get, end.get),
    ),
  ];
});

/** Sum of the grey levels of at most 2^20 pixels; what follows the pixels is black. */
export const sumOfGrey = wasmFunction(
  'sumOfGrey',
  ['i32', 'i32'],
  ([source, length], { local, repeat }) => {
    const [end, sums] = [local('i32'), local('v128')];
    return [
      ...end.set(i32.add(source.get, length.get)),
      ...repeat(
        [...sums.set(i32x4.add(sums.get, luma(v128.load(source.get)))), ...source.grow(i32.const(12))],
        i32.lessUnsigned(source.get, end.get),
      ),
      ...[0, 1, 2, 3].map((lane) => i32x4.extractLane(lane, sums.get)).reduce((a, b) => i32.add(a, b)),
    ];
  },
  'i32',
);

/** Mirrors rows of `width` pixels of three bytes. Reads up to 15 bytes too early, writes as many too many. */
export const mirrorRows = wasmFunction(
  'mirrorRows',
  ['i32', 'i32', 'i32', 'i32'],
  ([source, out, width, rows], { local, repeat }) => {
    const [y, stride, from, to] = [local('i32'), local('i32'), local('i32'), local('i32')];
    const reversed = [9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2, 12, 12, 12, 12];
    const block = [
      ...from.grow(i32.const(-12)),
      ...v128.store(to.get, v128.shuffle(reversed, v128.load(from.get), zero)),
      ...to.grow(i32.const(12)),
    ];
    return [
      ...stride.set(i32.mul(width.get, i32.const(3))),
      ...repeat(
        [
          ...to.set(out.get),
          ...out.grow(stride.get),
          ...source.grow(stride.get),
          ...from.set(source.get),
          ...repeat(block, i32.lessUnsigned(to.get, out.get)),
          ...y.grow(i32.const(1)),
        ],
        i32.lessUnsigned(y.get, rows.get),
      ),
    ];
  },
);

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { Geometry } from './conv-geometry.js';

/** Input channels from which one gather of whole pixels is the fastest way to make columns. */
export const gatherChannels = 8;

/** Output pixels up to which one product over all images beats the runtime's product per image. */
export const smallImage = 64;

/**
 * True where the forward product uses the same columns as the filter gradient: strided ones are small enough to keep,
 * and on small images the runtime's own convolution is slow.
 */
export const sharesColumns = (c: number, g: Geometry): boolean =>
  c >= gatherChannels && (g.stride[0] * g.stride[1] >= 4 || g.outSize[0] * g.outSize[1] <= smallImage);

/** True for a first layer: columns of so few values that making them costs less than changing the layout to the runtime's. */
export const hasFewTaps = (c: number, g: Geometry): boolean =>
  c < gatherChannels && g.kernel[0] * g.kernel[1] * c <= 48;

/**
 * Pixels of `[n, h, w, c]` by index, `[n, indices, c]`; index `h * w` is a pixel of zeros, which stands for the padding.
 */
function gatherPixels(b: Builder, x: Value, indices: Int32Array): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const pixels = b.reshape(x, [n, h * w, c]);
  const source = indices.includes(h * w)
    ? b.pad(pixels, [
        [0, 0],
        [0, 1],
        [0, 0],
      ])
    : pixels;
  return b.gather(source, b.constant(indices, [indices.length], 'int32'), 1);
}

/** The pixels under the filter at every output position, `[n * oh * ow, kh * kw * c]`. */
export function columns(b: Builder, x: Value, g: Geometry): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const [kh, kw] = g.kernel;
  const indices = new Int32Array(g.outSize[0] * g.outSize[1] * kh * kw);
  let next = 0;
  for (let oy = 0; oy < g.outSize[0]; oy++) {
    for (let ox = 0; ox < g.outSize[1]; ox++) {
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const row = oy * g.stride[0] + i * g.dilation[0] - g.pads[0];
          const column = ox * g.stride[1] + j * g.dilation[1] - g.pads[1];
          const inside = row >= 0 && row < h && column >= 0 && column < w;
          indices[next++] = inside ? row * w + column : h * w;
        }
      }
    }
  }
  return b.reshape(gatherPixels(b, x, indices), [n * g.outSize[0] * g.outSize[1], kh * kw * c]);
}

/**
 * Gradient with respect to the input as products over columns of `dy`: the input pixels that the same taps reach (one
 * class per residue of the stride) share a product, and no product is wasted on zeros between strides.
 */
export function inputGradientByColumns(b: Builder, dy: Value, filter: Value, g: Geometry): Value {
  const n = dy.shape[0]!;
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  const [h, w] = g.inSize;
  const [oh, ow] = g.outSize;
  const taps = b.reshape(filter, [kh * kw, c, o]);
  const classes = new Map<string, { taps: number[]; pixels: number[]; sources: number[] }>();
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const reached: number[] = [];
      const sources: number[] = [];
      for (let i = 0; i < kh; i++) {
        for (let j = 0; j < kw; j++) {
          const [row, column] = [y + g.pads[0] - i * g.dilation[0], x + g.pads[1] - j * g.dilation[1]];
          if (row % g.stride[0] !== 0 || column % g.stride[1] !== 0) continue;
          const [oy, ox] = [row / g.stride[0], column / g.stride[1]];
          reached.push(i * kw + j);
          sources.push(oy >= 0 && oy < oh && ox >= 0 && ox < ow ? oy * ow + ox : oh * ow);
        }
      }
      const key = reached.join(',');
      const group = classes.get(key) ?? { taps: reached, pixels: [], sources: [] };
      classes.set(key, group);
      group.pixels.push(y * w + x);
      group.sources.push(...sources);
    }
  }
  const parts: Value[] = [];
  const order = new Int32Array(h * w);
  let placed = 0;
  for (const group of classes.values()) {
    group.pixels.forEach((pixel, index) => (order[pixel] = placed + index));
    placed += group.pixels.length;
    if (group.taps.length === 0) {
      parts.push(b.splat(0, [n, group.pixels.length, c]));
      continue;
    }
    const rows = b.reshape(gatherPixels(b, dy, Int32Array.from(group.sources)), [
      n * group.pixels.length,
      group.taps.length * o,
    ]);
    const all = group.taps.length === kh * kw;
    const chosen = all
      ? taps
      : b.gather(taps, b.constant(Int32Array.from(group.taps), [group.taps.length], 'int32'), 0);
    const weights = b.reshape(b.transpose(chosen, [0, 2, 1]), [group.taps.length * o, c]);
    parts.push(b.reshape(b.matMul(rows, weights), [n, group.pixels.length, c]));
  }
  const grouped = b.concat(parts, 1);
  const inOrder = order.every((place, pixel) => place === pixel);
  return b.reshape(inOrder ? grouped : b.gather(grouped, b.constant(order, [h * w], 'int32'), 1), [n, h, w, c]);
}

/** Columns of an image of few channels, `[kh * kw * c, n * oh * ow]`: whole rows are copied per tap. */
export function tapMajorColumns(b: Builder, x: Value, g: Geometry): Value {
  const [n, h, w, c] = x.shape as readonly [number, number, number, number];
  const planes = b.pad(b.transpose(x, [3, 0, 1, 2]), [
    [0, 0],
    [0, 0],
    [g.pads[0], g.pads[2]],
    [g.pads[1], g.pads[3]],
  ]);
  const taps: Value[] = [];
  for (let i = 0; i < g.kernel[0]; i++) {
    for (let j = 0; j < g.kernel[1]; j++) {
      const [top, left] = [i * g.dilation[0], j * g.dilation[1]];
      const end = [
        c,
        n,
        Math.min(h + g.pads[0] + g.pads[2], top + (g.outSize[0] - 1) * g.stride[0] + 1),
        Math.min(w + g.pads[1] + g.pads[3], left + (g.outSize[1] - 1) * g.stride[1] + 1),
      ];
      taps.push(b.slice(planes, [0, 0, top, left], end, [1, 1, g.stride[0], g.stride[1]]));
    }
  }
  return b.reshape(b.concat(taps, 0), [g.kernel[0] * g.kernel[1] * c, n * g.outSize[0] * g.outSize[1]]);
}

import { backend_util } from '@tensorflow/tfjs-core';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { withNaN, withPlacesOfNaN } from './nan-aware.js';
import { input, type KernelAttributes, type RuleTable } from './rule.js';
import { scatterAdd } from './scatter-add.js';
import { isWide, meansOfWindows, sharesOfWindows } from './wide-windows.js';
import { addToPixels, elementsUnder, firstMaximum, pixelsUnder, tapsOf, type Windows } from './windows.js';

type Info = backend_util.Conv2DInfo;

function infoOf(shape: readonly number[], attributes: KernelAttributes): Info {
  return backend_util.computePool2DInfo(
    [...shape] as [number, number, number, number],
    attributes['filterSize'] as number,
    attributes['strides'] as number,
    1,
    attributes['pad'] as never,
    attributes['dimRoundingMode'] as never,
  );
}

const attributesOf = (info: Info): Record<string, number | readonly number[]> => ({
  kernel_shape: [info.filterHeight, info.filterWidth],
  strides: [info.strideHeight, info.strideWidth],
  pads: [
    info.padInfo.top,
    info.padInfo.left,
    // Rounding up makes windows that end outside.
    Math.max(
      info.padInfo.bottom,
      (info.outHeight - 1) * info.strideHeight + info.filterHeight - info.inHeight - info.padInfo.top,
    ),
    Math.max(
      info.padInfo.right,
      (info.outWidth - 1) * info.strideWidth + info.filterWidth - info.inWidth - info.padInfo.left,
    ),
  ],
});

function pool(b: Builder, op: 'MaxPool' | 'AveragePool', x: Value, info: Info): Value {
  const nchw = b.transpose(x, [0, 3, 1, 2]);
  const extra = op === 'AveragePool' ? { count_include_pad: 0 } : {};
  const y = b.op(op, [nchw], [info.batchSize, info.outChannels, info.outHeight, info.outWidth], 'float32', {
    ...attributesOf(info),
    ...extra,
  });
  return b.transpose(y, [0, 2, 3, 1]);
}

/** Maxima of windows, NaN where there is one: `[n, oh, ow, c]`. */
function maxPool(b: Builder, x: Value, info: Info): Value {
  const marked = (body: Builder, mask: Value): Value => pool(body, 'MaxPool', mask, info);
  return withNaN(b, x, marked(b, x), marked);
}

/** Maxima of windows and the place of each in the flattened NCHW input (int64): both `[n, c, oh, ow]`. */
function pooledWithPlaces(b: Builder, x: Value, info: Info): { maximum: Value; places: Value } {
  const shape = [info.batchSize, info.outChannels, info.outHeight, info.outWidth];
  const specs = [
    { shape, type: 'float32' as const },
    { shape, type: 'int64' as const },
  ];
  const nchw = b.transpose(x, [0, 3, 1, 2]);
  const [maximum, places] = b.graph.nodes('MaxPool', [nchw], specs, attributesOf(info)) as [Value, Value];
  return { maximum, places };
}

/** As {@link pooledWithPlaces}, NaN where there is one, and the place of the first one. */
function maxima(b: Builder, x: Value, info: Info): [Value, Value] {
  const { maximum, places } = pooledWithPlaces(b, x, info);
  return [
    withNaN(b, x, maximum, (body, mask) => pooledWithPlaces(body, mask, info).maximum),
    withPlacesOfNaN(b, x, places, (body, mask) => pooledWithPlaces(body, mask, info)),
  ];
}

/** Maxima of windows, and the pixel of each in its flattened image (int32): both `[n, oh, ow, c]`. */
function maximaOfImages(b: Builder, x: Value, info: Info): [Value, Value] {
  const [y, indices] = maxima(b, x, info);
  const toNhwc = (value: Value): Value => b.transpose(value, [0, 2, 3, 1]);
  return [
    toNhwc(y),
    b.cast(toNhwc(b.binary('Mod', indices, b.scalar(info.inHeight * info.inWidth, 'int64'))), 'int32'),
  ];
}

/** Windows of a pooling kernel's call on `[n, h, w, c]`. */
export const poolWindows = (shape: readonly number[], attributes: KernelAttributes): Windows =>
  windowsOf(infoOf(shape, attributes));

const windowsOf = (info: Info): Windows => ({
  kernel: [info.filterHeight, info.filterWidth],
  stride: [info.strideHeight, info.strideWidth],
  dilation: [1, 1],
  before: [info.padInfo.top, info.padInfo.left],
  inSize: [info.inHeight, info.inWidth],
  outSize: [info.outHeight, info.outWidth],
});

/** The tap of each window's first maximum, int32 `[n, windows, c]`: the WebGPU provider's MaxPool has no places. */
const firstTaps = (b: Builder, x: Value, w: Windows): Value =>
  firstMaximum(b, elementsUnder(b, x, w, tapsOf(w), -Infinity));

/** Pixel of each window's first maximum in the flattened image, int32 `[n, oh, ow, c]`. */
function pixelsByTaps(b: Builder, x: Value, info: Info): Value {
  const w = windowsOf(info);
  const [windows, taps] = [sizeOf(w.outSize), sizeOf(w.kernel)];
  const first = Int32Array.from({ length: windows }, (_, window) => window * taps);
  const entries = b.add(firstTaps(b, x, w), b.constant(first, [windows, 1], 'int32'));
  const pixels = b.gather(b.constant(pixelsUnder(w), [windows * taps], 'int32'), entries, 0);
  return b.reshape(pixels, [info.batchSize, ...w.outSize, info.outChannels]);
}

/** Spreads `[n, oh, ow, c]` to every input pixel of its window for tap `(i, j)`: zeros elsewhere, `[n, h, w, c]`. */
function spread(b: Builder, y: Value, tap: readonly [number, number], info: Info): Value {
  const { strideHeight: sh, strideWidth: sw, padInfo: pad } = info;
  const [n, oh, ow, c] = y.shape as readonly [number, number, number, number];
  // Zeros between elements: pad a trailing axis of each stride and fold it in.
  const dilated = b.reshape(
    b.pad(b.reshape(y, [n, oh, 1, ow, 1, c]), [
      [0, 0],
      [0, 0],
      [0, sh - 1],
      [0, 0],
      [0, sw - 1],
      [0, 0],
    ]),
    [n, oh * sh, ow * sw, c],
  );
  const height = info.inHeight + pad.top + pad.bottom + sh;
  const width = info.inWidth + pad.left + pad.right + sw;
  const placed = b.pad(dilated, [
    [0, 0],
    [tap[0], Math.max(0, height - tap[0] - oh * sh)],
    [tap[1], Math.max(0, width - tap[1] - ow * sw)],
    [0, 0],
  ]);
  return b.slice(placed, [0, pad.top, pad.left, 0], [n, pad.top + info.inHeight, pad.left + info.inWidth, c]);
}

/** Pooling over height and width, and its gradients. */
export const poolRules = {
  MaxPool: (b, inputs, attributes) => maxPool(b, input(inputs, 'x'), infoOf(input(inputs, 'x').shape, attributes)),
  AvgPool: (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const info = infoOf(x.shape, attributes);
    return isWide(windowsOf(info)) ? meansOfWindows(b, x, windowsOf(info)) : pool(b, 'AveragePool', x, info);
  },
  MaxPoolGrad: (b, inputs, attributes) => {
    const [dy, x] = [input(inputs, 'dy'), input(inputs, 'input')];
    const info = infoOf(x.shape, attributes);
    if (b.device === 'webgpu') {
      const w = windowsOf(info);
      return addToPixels(b, dy, firstTaps(b, x, w), pixelsUnder(w), w);
    }
    const [n, c] = [info.batchSize, info.outChannels];
    const [, indices] = maxima(b, x, info);
    const count = sizeOf(indices.shape);
    const flat = b.reshape(b.transpose(dy, [0, 3, 1, 2]), [count, 1]);
    const overlapping =
      Math.ceil(info.filterHeight / info.strideHeight) * Math.ceil(info.filterWidth / info.strideWidth);
    const placed = scatterAdd(b, b.reshape(indices, [count]), flat, sizeOf(x.shape), overlapping);
    return b.transpose(b.reshape(placed, [n, c, info.inHeight, info.inWidth]), [0, 2, 3, 1]);
  },
  MaxPoolWithArgmax: (b, inputs, attributes) => {
    const x = input(inputs, 'x');
    const [n, h, w, c] = x.shape as readonly [number, number, number, number];
    const info = infoOf(x.shape, attributes);
    const [y, pixels] =
      b.device === 'webgpu' ? [maxPool(b, x, info), pixelsByTaps(b, x, info)] : maximaOfImages(b, x, info);
    const channels = b.constant(
      Int32Array.from({ length: c }, (_, channel) => channel),
      [c],
      'int32',
    );
    const places = b.add(b.mul(pixels, b.scalar(c, 'int32')), channels);
    if (attributes['includeBatchInIndex'] !== true) return [y, places];
    const images = Int32Array.from({ length: n }, (_, image) => image * h * w * c);
    return [y, b.add(places, b.constant(images, [n, 1, 1, 1], 'int32'))];
  },
  AvgPoolGrad: (b, inputs, attributes) => {
    const [dy, x] = [input(inputs, 'dy'), input(inputs, 'input')];
    const info = infoOf(x.shape, attributes);
    if (isWide(windowsOf(info))) return sharesOfWindows(b, dy, windowsOf(info));
    // TF.js divides by the whole window in the gradient, padding included.
    const share = b.div(dy, b.scalar(info.filterHeight * info.filterWidth));
    let sum: Value | undefined;
    for (let i = 0; i < info.filterHeight; i++) {
      for (let j = 0; j < info.filterWidth; j++) {
        const placed = spread(b, share, [i, j], info);
        sum = sum === undefined ? placed : b.add(sum, placed);
      }
    }
    return sum!;
  },
} satisfies RuleTable;

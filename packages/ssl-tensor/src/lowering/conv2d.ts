import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import {
  columns,
  gatherChannels,
  hasFewTaps,
  inputGradientByColumns,
  sharesColumns,
  smallImage,
  tapMajorColumns,
} from './conv-columns.js';
import { attributesOf, type Geometry, toNchw, toNhwc } from './conv-geometry.js';
import { convByTapGroups, filterGradientByTapGroups, suitsTapGroups } from './conv-tap-groups.js';
import { convolve } from './convolve.js';
import { matrixProduct } from './matmul.js';
import { productOverRows } from './product-over-rows.js';
import { transposedAsConv } from './transposed-as-conv.js';
import { suitsWinograd, winograd, winogradFilterGradient, winogradInputGradient } from './winograd.js';

/** `[n, h, w, c]` and `[kh, kw, c, o]` to `[n, oh, ow, o]`. */
export function conv2d(b: Builder, x: Value, filter: Value, g: Geometry): Value {
  const [n, , , c] = x.shape as readonly [number, number, number, number];
  const [kh, kw, , o] = filter.shape as readonly [number, number, number, number];
  if (suitsWinograd(b, c, o, g)) return winograd(b, x, filter, g);
  const pointwise = kh * kw === 1 && g.pads.every((pad) => pad === 0) && g.stride[0] === 1 && g.stride[1] === 1;
  if (b.device === 'cpu' && hasFewTaps(c, g))
    return b.reshape(b.matMul(tapMajorColumns(b, x, g), b.reshape(filter, [kh * kw * c, o]), true, false), [
      n,
      ...g.outSize,
      o,
    ]);
  if (b.device === 'cpu' && sharesColumns(c, g) && suitsTapGroups(g)) return convByTapGroups(b, x, filter, g);
  if (b.device === 'cpu' && (pointwise || sharesColumns(c, g))) {
    const rows = pointwise ? b.reshape(x, [n * g.outSize[0] * g.outSize[1], c]) : columns(b, x, g);
    return b.reshape(b.matMul(rows, b.reshape(filter, [kh * kw * c, o])), [n, ...g.outSize, o]);
  }
  const weights = b.transpose(filter, [3, 2, 0, 1]);
  return toNhwc(b, convolve(b, toNchw(b, x), weights, [n, o, ...g.outSize], attributesOf(g, 1)));
}

/** Gradient of a convolution with respect to its filter: `[kh, kw, c, o]`. */
export function conv2dFilterGradient(b: Builder, x: Value, dy: Value, g: Geometry): Value {
  const c = x.shape[3]!;
  const o = dy.shape[3]!;
  if (suitsWinograd(b, c, o, g)) return winogradFilterGradient(b, x, dy, g);
  const [kh, kw] = g.kernel;
  const gradient = b.reshape(dy, [dy.shape[0]! * g.outSize[0] * g.outSize[1], o]);
  const pointwise = kh * kw === 1 && g.pads.every((pad) => pad === 0) && g.stride[0] === 1 && g.stride[1] === 1;
  if (pointwise) return b.reshape(productOverRows(b, b.reshape(x, [gradient.shape[0]!, c]), gradient), [1, 1, c, o]);
  if (b.device === 'cpu' && sharesColumns(c, g) && suitsTapGroups(g)) return filterGradientByTapGroups(b, x, dy, g);
  const product =
    c >= gatherChannels
      ? productOverRows(b, columns(b, x, g), gradient)
      : matrixProduct(b, tapMajorColumns(b, x, g), gradient, false, false);
  return b.reshape(product, [kh, kw, c, o]);
}

/** Gradient of a convolution with respect to its input: `[n, h, w, c]`. */
export function conv2dInputGradient(b: Builder, dy: Value, filter: Value, g: Geometry): Value {
  const n = dy.shape[0]!;
  const [kh, kw, c, o] = filter.shape as readonly [number, number, number, number];
  if (suitsWinograd(b, o, c, g)) return winogradInputGradient(b, dy, filter, g);
  if (kh * kw === 1 && g.stride[0] === 1 && g.stride[1] === 1 && g.pads.every((pad) => pad === 0)) {
    const rows = b.reshape(dy, [n * g.outSize[0] * g.outSize[1], o]);
    return b.reshape(b.matMul(rows, b.reshape(filter, [c, o]), false, true), [n, ...g.inSize, c]);
  }
  const strided = g.stride[0] * g.stride[1] >= 4;
  if (b.device === 'cpu' && o >= gatherChannels && (strided || g.outSize[0] * g.outSize[1] <= smallImage))
    return inputGradientByColumns(b, dy, filter, g);
  const reach = [(kh - 1) * g.dilation[0] + 1, (kw - 1) * g.dilation[1] + 1] as const;
  const uncovered = ([0, 1] as const).map(
    (axis) =>
      g.inSize[axis] - ((g.outSize[axis] - 1) * g.stride[axis] + reach[axis] - g.pads[axis]! - g.pads[axis + 2]!),
  );
  const unitStride = g.stride[0] === 1 && g.stride[1] === 1;
  if (unitStride && uncovered.every((rest) => rest === 0)) {
    const ends = b.int64([-1, -1]);
    const flipped =
      kh * kw === 1
        ? filter
        : b.op('Slice', [filter, ends, b.int64([-kh - 1, -kw - 1]), b.int64([0, 1]), ends], filter.shape, 'float32');
    const pads = [
      reach[0] - 1 - g.pads[0],
      reach[1] - 1 - g.pads[1],
      reach[0] - 1 - g.pads[2],
      reach[1] - 1 - g.pads[3],
    ];
    if (pads.every((pad) => pad >= 0)) {
      const attributes = { kernel_shape: g.kernel, strides: [1, 1], dilations: g.dilation, pads, group: 1 };
      const weights = b.transpose(flipped, [2, 3, 0, 1]);
      return toNhwc(b, convolve(b, toNchw(b, dy), weights, [n, c, ...g.inSize], attributes));
    }
  }
  return toNhwc(b, transposedConv(b, toNchw(b, dy), b.transpose(filter, [3, 2, 0, 1]), c, g, 1));
}

/** ConvTranspose on `[n, o, oh, ow]` and `[o, c / group, kh, kw]`; pixels that no tap reached get zeros. */
export function transposedConv(
  b: Builder,
  dy: Value,
  weights: Value,
  channels: number,
  g: Geometry,
  group: number,
): Value {
  const n = dy.shape[0]!;
  const full = ([0, 1] as const).map(
    (axis) => (g.outSize[axis] - 1) * g.stride[axis] + (g.kernel[axis] - 1) * g.dilation[axis] + 1,
  );
  const attributes = { kernel_shape: g.kernel, strides: g.stride, dilations: g.dilation, pads: [0, 0, 0, 0], group };
  const shape = [n, channels, ...full];
  const whole =
    b.device === 'webgpu'
      ? transposedAsConv(b, dy, weights, shape, g, group)
      : b.op('ConvTranspose', [dy, weights], shape, 'float32', attributes);
  const missing = ([0, 1] as const).map((axis) => Math.max(0, g.pads[axis]! + g.inSize[axis] - full[axis]!));
  const extended = b.pad(whole, [
    [0, 0],
    [0, 0],
    [0, missing[0]!],
    [0, missing[1]!],
  ]);
  return b.slice(
    extended,
    [0, 0, g.pads[0], g.pads[1]],
    [n, channels, g.pads[0] + g.inSize[0], g.pads[1] + g.inSize[1]],
  );
}

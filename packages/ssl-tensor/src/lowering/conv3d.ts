import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { matrixProduct } from './matmul.js';
import { productOverRows } from './product-over-rows.js';
import { transposedAsConv } from './transposed-as-conv.js';
import { reachOf, type Windows } from './windows.js';

export const toChannelsFirst = (b: Builder, x: Value): Value => b.transpose(x, [0, 4, 1, 2, 3]);
export const toChannelsLast = (b: Builder, x: Value): Value => b.transpose(x, [0, 2, 3, 4, 1]);

/** The part of `[n, d, h, w, c]` between the first and the last window, and the padding around it. */
export function croppedTo(b: Builder, x: Value, w: Windows): { image: Value; pads: (readonly [number, number])[] } {
  const reach = reachOf(w);
  const end = w.inSize.map((size, axis) => Math.min(size, reach[axis]! - w.before[axis]!));
  const image = b.slice(x, [0, ...w.before.map((pad) => Math.max(0, -pad)), 0], [x.shape[0]!, ...end, x.shape[4]!]);
  const pads = w.before.map(
    (pad, axis) => [Math.max(0, pad), Math.max(0, reach[axis]! - pad - w.inSize[axis]!)] as const,
  );
  return { image, pads };
}

/** Whether each window is one voxel of the image, in order or with strides between: a product over rows of channels. */
const isPointwise = (w: Windows): boolean => sizeOf(w.kernel) === 1;

/** Voxels under one tap of every window of a padded image, `[n, ...windows, c]`. */
function underTap(b: Builder, padded: Value, w: Windows, tap: readonly number[], first = 1): Value {
  const begin = padded.shape.map((_, axis) => {
    const at = axis - first;
    return at >= 0 && at < 3 ? tap[at]! * w.dilation[at]! : 0;
  });
  const end = padded.shape.map((size, axis) => {
    const at = axis - first;
    return at >= 0 && at < 3 ? begin[axis]! + (w.outSize[at]! - 1) * w.stride[at]! + 1 : size;
  });
  const steps = padded.shape.map((_, axis) => w.stride[axis - first] ?? 1);
  return b.slice(padded, begin, end, steps);
}

/** The image with the padding that its windows reach, `[n, d, h, w, c]`. */
function paddedTo(b: Builder, x: Value, w: Windows): Value {
  const { image, pads } = croppedTo(b, x, w);
  return b.pad(image, [[0, 0], ...pads, [0, 0]]);
}

function convByRuntime(
  b: Builder,
  image: Value,
  weights: Value,
  shape: readonly number[],
  w: Windows,
  pads: number[],
): Value {
  const attributes = { kernel_shape: w.kernel, strides: w.stride, dilations: w.dilation, pads, group: 1 };
  return b.op('Conv', [toChannelsFirst(b, image), weights], shape, 'float32', attributes);
}

/** `[n, d, h, w, c]` and `[kd, kh, kw, c, o]` to `[n, od, oh, ow, o]`. */
export function conv3d(b: Builder, x: Value, filter: Value, w: Windows): Value {
  const [n, c, o] = [x.shape[0]!, x.shape[4]!, filter.shape[4]!];
  const shape = [n, ...w.outSize, o];
  if (isPointwise(w) && sizeOf(shape) > 0) {
    const rows = b.reshape(underTap(b, paddedTo(b, x, w), w, [0, 0, 0]), [n * sizeOf(w.outSize), c]);
    return b.reshape(b.matMul(rows, b.reshape(filter, [c, o])), shape);
  }
  const { image, pads } = croppedTo(b, x, w);
  const weights = b.transpose(filter, [4, 3, 0, 1, 2]);
  const sides = [...pads.map(([before]) => before), ...pads.map(([, after]) => after)];
  return toChannelsLast(b, convByRuntime(b, image, weights, [n, o, ...w.outSize], w, sides));
}

/**
 * Adds `weights` times each element of `dy` to the pixels under the element's window.
 *
 * @param dy `[n, o, od, oh, ow]`
 * @param weights `[o, c, kd, kh, kw]`
 * @returns `[n, c, d, h, w]`; pixels that no window reached get zeros
 */
export function spreadOverWindows(b: Builder, dy: Value, weights: Value, w: Windows): Value {
  const [n, c] = [dy.shape[0]!, weights.shape[1]!];
  if (sizeOf(dy.shape) === 0) return b.splat(0, [n, c, ...w.inSize]);
  const reach = reachOf(w);
  const shape = [n, c, ...reach];
  const whole =
    b.device === 'webgpu'
      ? transposedAsConv(b, dy, weights, shape, w, 1)
      : b.op('ConvTranspose', [dy, weights], shape, 'float32', {
          kernel_shape: w.kernel,
          strides: w.stride,
          dilations: w.dilation,
          pads: [0, 0, 0, 0, 0, 0],
          group: 1,
        });
  const end = w.before.map((pad, axis) => Math.min(reach[axis]!, pad + w.inSize[axis]!));
  const reached = b.slice(whole, [0, 0, ...w.before.map((pad) => Math.max(0, pad))], [n, c, ...end]);
  const missing = w.before.map(
    (pad, axis) => [Math.max(0, -pad), Math.max(0, pad + w.inSize[axis]! - reach[axis]!)] as const,
  );
  return b.pad(reached, [[0, 0], [0, 0], ...missing]);
}

/**
 * Gradient of a convolution with respect to its input: `[n, d, h, w, c]`. At stride 1 it is a convolution with the filter turned
 * round, which the runtime computes faster than a transposed one.
 */
export function conv3dInputGradient(b: Builder, dy: Value, filter: Value, w: Windows): Value {
  const [n, c, o] = [dy.shape[0]!, filter.shape[3]!, filter.shape[4]!];
  const reach = w.kernel.map((size, axis) => (size - 1) * w.dilation[axis]! + 1);
  const before = reach.map((size, axis) => size - 1 - w.before[axis]!);
  const after = w.inSize.map((size, axis) => size - w.outSize[axis]! + w.before[axis]!);
  const isUnit = w.stride.every((stride) => stride === 1) && sizeOf(dy.shape) > 0;
  const isWhole = [...before, ...after].every((pad) => pad >= 0);
  if (isUnit && isWhole && isPointwise(w) && [...before, ...after].every((pad) => pad === 0)) {
    const rows = b.reshape(dy, [n * sizeOf(w.outSize), o]);
    return b.reshape(b.matMul(rows, b.reshape(filter, [c, o]), false, true), [n, ...w.inSize, c]);
  }
  if (!isUnit || !isWhole)
    return toChannelsLast(b, spreadOverWindows(b, toChannelsFirst(b, dy), b.transpose(filter, [4, 3, 0, 1, 2]), w));
  const ends = b.int64([-1, -1, -1]);
  const starts = b.int64(w.kernel.map((size) => -size - 1));
  const turned = isPointwise(w)
    ? filter
    : b.op('Slice', [filter, ends, starts, b.int64([0, 1, 2]), ends], filter.shape, 'float32');
  const weights = b.transpose(turned, [3, 4, 0, 1, 2]);
  return toChannelsLast(b, convByRuntime(b, dy, weights, [n, c, ...w.inSize], w, [...before, ...after]));
}

/** Channels from which the taps of a row are joined along them. */
const manyChannels = 8;

/**
 * Gradient of a convolution with respect to its filter: `[kd, kh, kw, c, o]`. The taps of a row of the filter are one product,
 * of few channels those of a plane: all columns are large, and one tap at a time reads `dy` as often as there are taps.
 */
export function conv3dFilterGradient(b: Builder, x: Value, dy: Value, w: Windows): Value {
  const [n, c, o] = [x.shape[0]!, x.shape[4]!, dy.shape[4]!];
  const shape = [...w.kernel, c, o];
  if (sizeOf(dy.shape) === 0) return b.splat(0, shape);
  const [kd, kh, kw] = w.kernel as [number, number, number];
  const rows = n * sizeOf(w.outSize);
  const gradient = b.reshape(dy, [rows, o]);
  const padded = paddedTo(b, x, w);
  const products: Value[] = [];
  if (c >= manyChannels)
    for (let line = 0; line < kd * kh; line++) {
      const taps = Array.from({ length: kw }, (_, k) => [Math.floor(line / kh), line % kh, k]);
      const columns = b.concat(
        taps.map((tap) => underTap(b, padded, w, tap)),
        4,
      );
      products.push(productOverRows(b, b.reshape(columns, [rows, kw * c]), gradient));
    }
  else {
    const planes = b.transpose(padded, [4, 0, 1, 2, 3]);
    for (let depth = 0; depth < kd; depth++) {
      const taps = Array.from({ length: kh * kw }, (_, k) => [depth, Math.floor(k / kw), k % kw]);
      const columns = b.concat(
        taps.map((tap) => underTap(b, planes, w, tap, 2)),
        0,
      );
      products.push(matrixProduct(b, b.reshape(columns, [kh * kw * c, rows]), gradient, false, false));
    }
  }
  return b.reshape(b.concat(products, 0), shape);
}

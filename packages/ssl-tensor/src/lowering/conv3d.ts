import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { productOverRows } from './product-over-rows.js';
import { transposedAsConv } from './transposed-as-conv.js';
import { elementsUnder, reachOf, tapsOf, type Windows } from './windows.js';

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

/** `[n, d, h, w, c]` and `[kd, kh, kw, c, o]` to `[n, od, oh, ow, o]`. */
export function conv3d(b: Builder, x: Value, filter: Value, w: Windows): Value {
  const o = filter.shape[4]!;
  const { image, pads } = croppedTo(b, x, w);
  const y = b.op(
    'Conv',
    [toChannelsFirst(b, image), b.transpose(filter, [4, 3, 0, 1, 2])],
    [x.shape[0]!, o, ...w.outSize],
    'float32',
    {
      kernel_shape: w.kernel,
      strides: w.stride,
      dilations: w.dilation,
      pads: [...pads.map(([before]) => before), ...pads.map(([, after]) => after)],
      group: 1,
    },
  );
  return toChannelsLast(b, y);
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

/** Gradient of a convolution with respect to its input: `[n, d, h, w, c]`. */
export const conv3dInputGradient = (b: Builder, dy: Value, filter: Value, w: Windows): Value =>
  toChannelsLast(b, spreadOverWindows(b, toChannelsFirst(b, dy), b.transpose(filter, [4, 3, 0, 1, 2]), w));

/** Gradient of a convolution with respect to its filter: `[kd, kh, kw, c, o]`. One tap at a time: all columns are large. */
export function conv3dFilterGradient(b: Builder, x: Value, dy: Value, w: Windows): Value {
  const [n, c, o] = [x.shape[0]!, x.shape[4]!, dy.shape[4]!];
  const rows = n * sizeOf(w.outSize);
  const gradient = b.reshape(dy, [rows, o]);
  const products = tapsOf(w).map((tap) =>
    productOverRows(b, b.reshape(elementsUnder(b, x, w, [tap], 0), [rows, c]), gradient),
  );
  return b.reshape(b.concat(products, 0), [...w.kernel, c, o]);
}

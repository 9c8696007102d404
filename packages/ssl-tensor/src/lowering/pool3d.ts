import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { croppedTo, spreadOverWindows, toChannelsFirst, toChannelsLast } from './conv3d.js';
import { isWide, meansOfWindows, sharesOfWindows } from './wide-windows.js';
import { withNaN } from './nan-aware.js';
import { addToPixels, coverage, elementsUnder, firstMaximum, pixelsUnder, tapsOf, type Windows } from './windows.js';

/** `[n, d, h, w, c]` to `[n, c, od, oh, ow]`; padding has the value `fill`. */
function pool(b: Builder, op: 'MaxPool' | 'AveragePool', x: Value, w: Windows, fill: number): Value {
  const { image, pads } = croppedTo(b, x, w);
  const padded = b.pad(image, [[0, 0], ...pads, [0, 0]], fill);
  return b.op(op, [toChannelsFirst(b, padded)], [x.shape[0]!, x.shape[4]!, ...w.outSize], 'float32', {
    kernel_shape: w.kernel,
    strides: w.stride,
  });
}

/** Maxima of windows, NaN where there is one. */
export function maxPool3d(b: Builder, x: Value, w: Windows): Value {
  const y = withNaN(b, x, pool(b, 'MaxPool', x, w, -Infinity), (body, mask) => pool(body, 'MaxPool', mask, w, 0));
  const counts = coverage(w);
  if (!counts.includes(0)) return toChannelsLast(b, y);
  // The runtime's maximum of nothing but -Infinity is the lowest finite number.
  const lowest = Float32Array.from(counts, (count) => (count === 0 ? -Infinity : 0));
  return toChannelsLast(b, b.add(y, b.constant(lowest, w.outSize)));
}

/** Means over the part of each window that lies on the image; zero for a window that lies outside. */
export function avgPool3d(b: Builder, x: Value, w: Windows): Value {
  if (isWide(w)) return meansOfWindows(b, x, w);
  const y = pool(b, 'AveragePool', x, w, 0);
  const factors = Float32Array.from(coverage(w), (count) => sizeOf(w.kernel) / Math.max(1, count));
  return toChannelsLast(b, b.mul(y, b.constant(factors, w.outSize)));
}

/** Every pixel of a window gets an equal share of its gradient. TF.js divides by the whole window, padding included. */
export function avgPool3dGradient(b: Builder, dy: Value, w: Windows): Value {
  if (isWide(w)) return sharesOfWindows(b, dy, w);
  const [n, c] = [dy.shape[0]!, dy.shape[4]!];
  const images = b.reshape(toChannelsFirst(b, dy), [n * c, 1, ...w.outSize]);
  const share = b.splat(1 / sizeOf(w.kernel), [1, 1, ...w.kernel]);
  return toChannelsLast(b, b.reshape(spreadOverWindows(b, images, share, w), [n, c, ...w.inSize]));
}

/**
 * The gradient of each window goes to its last maximum.
 *
 * TF.js counts `height` instead of `width` taps per row when it notes the maximum's place, so that windows of unequal
 * height and width pass the gradient to another tap, or to none.
 */
export function maxPool3dGradient(b: Builder, dy: Value, x: Value, w: Windows): Value {
  const [, height, width] = w.kernel as readonly [number, number, number];
  const backwards = tapsOf(w).toReversed();
  const noted = backwards.map((tap) => tap - Math.floor((tap % (height * width)) / width) * (width - height));
  const chosen = firstMaximum(b, elementsUnder(b, x, w, backwards, -Infinity));
  return addToPixels(b, dy, chosen, pixelsUnder(w, noted), w);
}

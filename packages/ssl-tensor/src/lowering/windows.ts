import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { sizeOf } from '../graph/value.js';
import { withPlacesOfNaN } from './nan-aware.js';

/** Windows that slide over the spatial axes of `[n, ...image, c]`; one number per axis. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Padding before the image; negative where the first window starts inside, as with strides wider than the kernel. */
  readonly before: readonly number[];
  readonly inSize: readonly number[];
  readonly outSize: readonly number[];
}

/** From the first pixel of the first window to the last of the last one, along each axis. */
export const reachOf = (w: Windows): number[] =>
  w.kernel.map((size, axis) => (w.outSize[axis]! - 1) * w.stride[axis]! + (size - 1) * w.dilation[axis]! + 1);

/** One number per window in row-major order, from one step per axis with the window's place along it. */
function overWindows(
  w: Windows,
  start: number,
  step: (value: number, place: number, axis: number) => number,
): Int32Array {
  return w.outSize.reduce((values, size, axis) => {
    const next = new Int32Array(values.length * size);
    for (let index = 0; index < next.length; index++)
      next[index] = step(values[Math.floor(index / size)]!, index % size, axis);
    return next;
  }, Int32Array.of(start));
}

/** Flat pixel of each window's place; the image's size where it lies outside. */
function pixelsAt(w: Windows, placeOf: (window: number, axis: number) => number): Int32Array {
  const none = sizeOf(w.inSize);
  return overWindows(w, 0, (pixel, window, axis) => {
    const place = placeOf(window, axis);
    return pixel === none || place < 0 || place >= w.inSize[axis]! ? none : pixel * w.inSize[axis]! + place;
  });
}

/** Where a window starts along an axis. */
const startOf = (w: Windows, window: number, axis: number): number => window * w.stride[axis]! - w.before[axis]!;

/** Where a tap lies along an axis, from its window's start. */
const offsetOf = (w: Windows, tap: number, axis: number): number =>
  (Math.floor(tap / sizeOf(w.kernel.slice(axis + 1))) % w.kernel[axis]!) * w.dilation[axis]!;

/** Taps of a window in row-major order. */
export const tapsOf = (w: Windows): number[] => Array.from({ length: sizeOf(w.kernel) }, (_, tap) => tap);

/**
 * Pixel under each of `taps` of each window, `[windows, taps]`; the image's size stands for none: outside of the image,
 * or a tap past the kernel's last.
 */
export function pixelsUnder(w: Windows, taps: readonly number[] = tapsOf(w)): Int32Array {
  const under = new Int32Array(sizeOf(w.outSize) * taps.length).fill(sizeOf(w.inSize));
  taps.forEach((tap, index) => {
    if (tap >= sizeOf(w.kernel)) return;
    const offsets = w.kernel.map((_, axis) => offsetOf(w, tap, axis));
    const column = pixelsAt(w, (window, axis) => startOf(w, window, axis) + offsets[axis]!);
    column.forEach((pixel, window) => (under[window * taps.length + index] = pixel));
  });
  return under;
}

/** The pixel where each window starts, moved into the image where it starts before it, `[windows]`. */
export const clampedStarts = (w: Windows): Int32Array =>
  pixelsAt(w, (window, axis) => Math.max(0, startOf(w, window, axis)));

/** How many taps of each window lie on the image, `[windows]`. */
export function coverage(w: Windows): Int32Array {
  return overWindows(w, 1, (count, window, axis) => {
    let inside = 0;
    for (let tap = 0; tap < w.kernel[axis]!; tap++) {
      const place = startOf(w, window, axis) + tap * w.dilation[axis]!;
      if (place >= 0 && place < w.inSize[axis]!) inside++;
    }
    return count * inside;
  });
}

/** Elements of `[n, ...image, c]` under `taps`, `[n, windows, taps, c]`; `fill` where there is no pixel. */
export function elementsUnder(b: Builder, x: Value, w: Windows, taps: readonly number[], fill: number): Value {
  const pixels = pixelsUnder(w, taps);
  const [n, c, size, windows] = [x.shape[0]!, x.shape.at(-1)!, sizeOf(w.inSize), sizeOf(w.outSize)];
  const image = b.reshape(x, [n, size, c]);
  const extra = [
    [0, 0],
    [0, 1],
    [0, 0],
  ] as const;
  const source = pixels.includes(size) ? b.pad(image, extra, fill) : image;
  return b.gather(source, b.constant(pixels, [windows, taps.length], 'int32'), 1);
}

/** Place among the taps of the first maximum of `[n, windows, taps, c]`, or of the first NaN: int32 `[n, windows, c]`. */
export function firstMaximum(b: Builder, elements: Value): Value {
  const [n, windows, , c] = elements.shape as readonly [number, number, number, number];
  const first = (builder: Builder, x: Value): Value =>
    builder.cast(builder.op('ArgMax', [x], [n, windows, c], 'int64', { axis: 2, keepdims: 0 }), 'int32');
  return withPlacesOfNaN(b, elements, first(b, elements), (body, mask) => ({
    maximum: body.reduce('ReduceMax', mask, [2], false),
    places: first(body, mask),
  }));
}

/**
 * Adds each window's element to one pixel: `dy` `[n, ...windows, c]` to `[n, ...image, c]`.
 *
 * @param chosen place among the taps, int32 `[n, windows, c]`
 * @param pixels `[windows, taps]`; the image's size drops the element
 */
export function addToPixels(b: Builder, dy: Value, chosen: Value, pixels: Int32Array, w: Windows): Value {
  const [n, windows, c] = chosen.shape as readonly [number, number, number];
  const [size, taps] = [sizeOf(w.inSize), pixels.length / windows];
  const first = Int32Array.from({ length: windows }, (_, window) => window * taps);
  const entries = b.add(chosen, b.constant(first, [windows, 1], 'int32'));
  const places = b.cast(b.gather(b.constant(pixels, [pixels.length], 'int32'), entries, 0), 'int64');
  const zeros = b.splat(0, [n, size + 1, c]);
  const sums = b.op('ScatterElements', [zeros, places, b.reshape(dy, [n, windows, c])], zeros.shape, 'float32', {
    axis: 1,
    reduction: 'add',
  });
  return b.reshape(b.slice(sums, [0, 0, 0], [n, size, c]), [n, ...w.inSize, c]);
}

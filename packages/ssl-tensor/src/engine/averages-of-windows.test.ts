import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { filled } from '../../../../test/support/exact-sums.js';
import { poolWindows } from '../lowering/pool.js';
import type { Windows } from '../lowering/windows.js';
import { averages, averagesGradient } from './averages-of-windows.js';

beforeEach(() => tf.setBackend('cpu'));

interface Image {
  readonly data: ArrayLike<number>;
  readonly channels: number;
}

/** Calls `visit` for the pixel in each window that lies on the image, with the window's share. */
function eachShare(w: Windows, visit: (window: number, pixel: number, share: number) => void): void {
  const [height, width] = w.inSize as [number, number];
  for (let window = 0; window < w.outSize[0]! * w.outSize[1]!; window++) {
    const at = [Math.floor(window / w.outSize[1]!), window % w.outSize[1]!];
    const pixels: number[] = [];
    for (let i = 0; i < w.kernel[0]!; i++) {
      for (let j = 0; j < w.kernel[1]!; j++) {
        const [y, x] = [at[0]! * w.stride[0]! - w.before[0]! + i, at[1]! * w.stride[1]! - w.before[1]! + j];
        if (y >= 0 && y < height && x >= 0 && x < width) pixels.push(y * width + x);
      }
    }
    for (const pixel of pixels) visit(window, pixel, 1 / pixels.length);
  }
}

function spread(size: number, { data, channels }: Image, w: Windows, isGradient: boolean): number[] {
  const result = Array.from({ length: size * channels }, () => 0);
  eachShare(w, (window, pixel, share) => {
    const [from, to] = isGradient ? [window, pixel] : [pixel, window];
    for (let c = 0; c < channels; c++) result[to * channels + c]! += share * data[from * channels + c]!;
  });
  return result;
}

it.each([
  { image: [20, 24], filterSize: [9, 10], strides: [1, 1], pad: 'valid' },
  { image: [14, 60], filterSize: [3, 40], strides: [1, 1], pad: 'same' },
  { image: [14, 12], filterSize: [9, 10], strides: [1, 1], pad: 4 },
  { image: [20, 90], filterSize: [2, 70], strides: [3, 1], pad: 'same' },
])('and their gradients are those of the definition, $filterSize by $strides $pad', (attributes) => {
  const [height, width] = attributes.image as [number, number];
  const w = poolWindows([1, height, width, 2], attributes);
  const x = filled('levels', [1, height, width, 2]);
  const dy = filled('mixed', [1, ...w.outSize, 2]);
  expect(averages(tf.tensor(x.data, [...x.shape]), w, attributes.pad)!).toBeAllClose(
    { data: spread(w.outSize[0]! * w.outSize[1]!, { data: x.data, channels: 2 }, w, false), shape: [...dy.shape] },
    { rtol: 1e-6, atol: 1e-7 },
  );
  expect(averagesGradient(tf.tensor(dy.data, [...dy.shape]), w, attributes.pad)!).toBeAllClose(
    { data: spread(height * width, { data: dy.data, channels: 2 }, w, true), shape: [...x.shape] },
    { rtol: 1e-6, atol: 1e-6 },
  );
});

it('leaves small windows, and pixels under few windows, to the runtime', () => {
  const windows = (filterSize: number, strides: number): Windows =>
    poolWindows([1, 32, 32, 1], { filterSize, strides, pad: 'valid' });
  expect(averages(tf.ones([1, 32, 32, 1]), windows(8, 1), 'valid')).toBeUndefined();
  expect(averagesGradient(tf.ones([1, 2, 2, 1]), windows(16, 16), 'valid')).toBeUndefined();
  expect(averagesGradient(tf.ones([1, 1, 1, 1]), windows(32, 1), 'valid')).toBeUndefined();
});

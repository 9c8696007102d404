import type { NdArray } from '@selfsup/ssl-core';
import type { ImageStatistics } from '@selfsup/ssl-vision';

/**
 * Mean and deviation of the pixels of each channel, on the scale 0 .. 1.
 *
 * @param images uint8 `[n, height, width, channels]`
 */
export function pixelStatistics({ data, shape }: NdArray<Uint8Array>): ImageStatistics {
  const channels = shape.at(-1)!;
  const sum = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]! / 255;
    sum[i % channels]! += value;
    squares[i % channels]! += value * value;
  }
  const count = data.length / channels;
  const mean = Array.from(sum, (value) => value / count);
  // A channel without contrast must not be divided by zero.
  const std = mean.map((value, channel) =>
    Math.max(1e-3, Math.sqrt(Math.max(0, squares[channel]! / count - value * value))),
  );
  return { mean, std };
}

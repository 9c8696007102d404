import * as tf from '@tensorflow/tfjs-core';

/** Added to the variance of a window: the authors' 1e-6. */
const eps = 1e-6;

/**
 * Each pixel, standardised with the mean and the unbiased variance of the window around it; outside the image nothing
 * counts.
 *
 * @param images `[batch, height, width, channels]`
 * @param window side of the window in pixels, odd and 3 or more
 * @returns same shape
 * Source: `norm_targets` of microsoft/SimMIM. The images' means are taken off first, which changes no value but keeps
 * digits in the variance.
 */
export function standardizeLocally(images: tf.Tensor4D, window: number): tf.Tensor4D {
  const [, height, width] = images.shape;
  const shifted = tf.sub(images, tf.mean(images, [1, 2], true)) as tf.Tensor4D;
  const average = (x: tf.Tensor4D): tf.Tensor4D => tf.avgPool(x, window, 1, 'same');
  const mean = average(shifted);
  const [down, across] = [inside(height, window), inside(width, window)];
  const correction = Float32Array.from({ length: height * width }, (_, i) => {
    const count = down[Math.floor(i / width)]! * across[i % width]!;
    return count / Math.max(count - 1, 1);
  });
  const biased = tf.maximum(tf.sub(average(tf.square(shifted)), tf.square(mean)), 0);
  const variance = tf.mul(biased, tf.tensor(correction, [1, height, width, 1]));
  return tf.mul(tf.sub(shifted, mean), tf.rsqrt(tf.add(variance, eps)));
}

/** How many of the places of a window around each place lie inside. */
function inside(length: number, window: number): number[] {
  const half = (window - 1) / 2;
  return Array.from({ length }, (_, i) => Math.min(i + half, length - 1) - Math.max(i - half, 0) + 1);
}

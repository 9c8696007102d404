/** What the entries of methods on pictures share. */
import { type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import { ImageArrayDataset } from '@selfsup/ssl-data';
import { SmallConvEncoder } from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';

export const side = 12;
export const statistics = { mean: 0.5, std: 0.28 };

/** Stripes across or along each image, at a random phase. */
export function stripes(count: number): { readonly images: NdArray<Uint8Array>; readonly labels: Int32Array } {
  const random = new RandomStream(randomKey(1));
  const data = new Uint8Array(count * side * side);
  for (let image = 0; image < count; image++) {
    const phase = random.uniform(0, 2 * Math.PI);
    for (let p = 0; p < side * side; p++) {
      const along = image % 2 === 0 ? p % side : Math.floor(p / side);
      data[image * side * side + p] = 128 + 100 * Math.sin(0.8 * along + phase);
    }
  }
  return {
    images: { data, shape: [count, side, side, 1] },
    labels: Int32Array.from({ length: count }, (_, i) => i % 2),
  };
}

export const { images, labels } = stripes(64);
export const dataset = new ImageArrayDataset(images);

export const encoder = (): SmallConvEncoder =>
  new SmallConvEncoder({ key: randomKey(2), channels: [8, 16], strides: [1, 2] });

/** Keeps the batch of an entry to itself: the suite does not look into it. */
export const entry = <B>(given: Entry<B>): Entry => given as unknown as Entry;

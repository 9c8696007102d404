import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { DataError, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { FeatureExtractor, extractFeatures } from './extract-features.js';
import { inBatches } from './in-batches.js';

const images = { data: Uint8Array.from({ length: 7 * 4 }, (_, i) => i), shape: [7, 2, 2, 1] };
const sums = (x: tf.Tensor): tf.Tensor2D => tf.sum(tf.cast(x, 'float32'), [1, 2]);

describe('extractFeatures', () => {
  it('keeps the order and drops the padding of the last batch', async () => {
    const seen: number[] = [];
    const shapes = new Set<string>();
    const features = await extractFeatures(
      (x: tf.Tensor) => {
        shapes.add(x.shape.join());
        return sums(x);
      },
      inBatches(images, 3),
      { onProgress: (samples) => seen.push(samples) },
    );
    expect(features.shape).toEqual([7, 1]);
    expect(Array.from(features.data)).toEqual([6, 22, 38, 54, 70, 86, 102]);
    expect(seen).toEqual([3, 6, 7]);
    expect([...shapes]).toEqual(['3,2,2,1']);
  });

  it('takes records and asynchronous batches', async () => {
    async function* batches(): AsyncGenerator<{ a: typeof images; b: typeof images }> {
      yield* inBatches({ a: images, b: images }, 4);
    }
    const features = await extractFeatures(
      ({ a, b }: { a: tf.Tensor; b: tf.Tensor }) => tf.concat([sums(a), tf.neg(sums(b))], 1),
      batches(),
    );
    expect(features.shape).toEqual([7, 2]);
    expect(Array.from(features.data.subarray(12))).toEqual([102, -102]);
  });

  it('reads variables as they are at each call', async () => {
    const scale = tf.variable(tf.scalar(1));
    const extractor = new FeatureExtractor((x: tf.Tensor) => tf.mul(sums(x), scale) as tf.Tensor2D);
    const before = await extractor.extract(inBatches(images, 7));
    scale.assign(tf.scalar(2));
    const after = await extractor.extract(inBatches(images, 7));
    expect(after.data).toEqual(before.data.map((value) => 2 * value));
    extractor.dispose();
    scale.dispose();
  });

  it('leaks no tensor', async () => {
    const before = tf.memory().numTensors;
    await extractFeatures(sums, inBatches(images, 7));
    const { numTensors } = tf.memory();
    expect(numTensors).toBe(before);
  });

  it('refuses growing batches, wrong ranks and nothing at all', async () => {
    const [small, large] = [[...inBatches(images, 2)][0]!, [...inBatches(images, 3)][0]!];
    await expect(extractFeatures(sums, [small, large])).rejects.toThrow(ShapeError);
    await expect(extractFeatures((x: tf.Tensor) => x as tf.Tensor2D, [small])).rejects.toThrow('[2, d]');
    await expect(extractFeatures(sums, [])).rejects.toThrow(DataError);
  });
});

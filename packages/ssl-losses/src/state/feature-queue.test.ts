import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { array, contrastive, draw, modes, sum, type Rows } from '../../../../test/golden/losses/contrastive.js';
import '../../../../test/support/to-be-all-close.js';
import { FeatureQueue } from './feature-queue.js';

const key = randomKey(3);

/** A ring by loops. */
function naive(start: Rows, batches: readonly Rows[]): { rows: Rows; pointer: number } {
  const rows = start.map((row) => [...row]);
  let pointer = 0;
  for (const batch of batches)
    for (const row of batch) {
      rows[pointer] = row;
      pointer = (pointer + 1) % rows.length;
    }
  return { rows, pointer };
}

describe.each(modes)('FeatureQueue, %s', (mode) => {
  const enqueue = (queue: FeatureQueue): ((rows: tf.Tensor2D) => Promise<void>) => {
    if (mode === 'eager') return async (rows) => queue.enqueue(rows);
    const step = compile((rows: tf.Tensor2D) => {
      const before = tf.clone(queue.features);
      queue.enqueue(rows);
      return before;
    });
    return async (rows) => (await step(rows)).dispose();
  };

  it.each(contrastive.memoryBank.map((_, index) => index))('drops as the bank of lightly, case %i', async (index) => {
    const { start, steps } = contrastive.memoryBank[index]!;
    const queue = new FeatureQueue(start.shape[0]!, start.shape[1]!, { key, overflow: 'drop' });
    queue.buffers.features.assign(array(start) as tf.Tensor2D);
    const put = enqueue(queue);
    for (const { rows, before, after, pointer } of steps) {
      expect(queue.features).toBeAllClose(before, { rtol: 0, atol: 1e-7 });
      await put(array(rows) as tf.Tensor2D);
      expect(queue.features).toBeAllClose(after, { rtol: 0, atol: 1e-7 });
      expect([...queue.buffers.pointer.dataSync()]).toEqual([pointer]);
    }
    queue.dispose();
  });

  it('wraps as the bank of lightly where batches divide the size', async () => {
    const { start, steps } = contrastive.memoryBank[0]!;
    const queue = new FeatureQueue(start.shape[0]!, start.shape[1]!, { key });
    queue.buffers.features.assign(array(start) as tf.Tensor2D);
    const put = enqueue(queue);
    for (const { rows } of steps) await put(array(rows) as tf.Tensor2D);
    expect(queue.features).toBeAllClose(steps.at(-1)!.after, { rtol: 0, atol: 1e-7 });
  });

  it('wraps around with batches of any size', async () => {
    const queue = new FeatureQueue(7, 2, { key });
    const start = queue.features.arraySync();
    const batches = [3, 3, 3, 1, 6, 7, 2, 9, 4, 23, 1].map((n, index) => draw(index, n, 2));
    const put = enqueue(queue);
    for (const [index, batch] of batches.entries()) {
      await put(tf.tensor2d(batch));
      const { rows, pointer } = naive(start, batches.slice(0, index + 1));
      expect(queue.features).toBeAllClose(rows, { rtol: 0, atol: 1e-6 });
      expect([...queue.buffers.pointer.dataSync()]).toEqual([pointer]);
    }
  });
});

describe('FeatureQueue', () => {
  it('holds the last rows, whatever the batches', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 }),
        (size, counts) => {
          const queue = new FeatureQueue(size, 1, { key });
          let next = 0;
          for (const n of counts)
            queue.enqueue(
              tf.tensor2d(
                Array.from({ length: n }, () => next++),
                [n, 1],
              ),
            );
          const kept = [...queue.features.dataSync()].filter((value) => Number.isInteger(value) && value >= 2);
          const expected = Array.from({ length: next }, (_, i) => i).slice(-size);
          expect(kept.toSorted((a, b) => a - b)).toEqual(expected.filter((value) => value >= 2));
          queue.dispose();
        },
      ),
      { seed: 9, numRuns: 40 },
    ));

  it('starts with rows of length 1, the same for the same key', () => {
    const [queue, again, other] = [key, key, randomKey(4)].map((from) => new FeatureQueue(50, 6, { key: from }));
    const rows = queue!.features.arraySync();
    expect(rows.map((row) => sum(row.map((x) => x * x)))).toBeAllClose(Array.from({ length: 50 }, () => 1));
    expect(again!.features.arraySync()).toEqual(rows);
    expect(other!.features.arraySync()).not.toEqual(rows);
    // Directions spread evenly: each coordinate has mean 0 and variance 1 / 6.
    expect(Math.abs(sum(rows.flat()) / 300)).toBeLessThan(0.1);
  });

  it('leaves no tensors behind', () => {
    const queue = new FeatureQueue(5, 2, { key });
    const before = tf.memory().numTensors;
    const rows = tf.ones([3, 2]) as tf.Tensor2D;
    queue.enqueue(rows);
    queue.enqueue(rows);
    rows.dispose();
    expect(tf.memory().numTensors).toBe(before);
    queue.dispose();
    expect(tf.memory().numTensors).toBe(before - 2);
  });

  it('names what is wrong', () => {
    expect(() => new FeatureQueue(0, 2, { key })).toThrow('FeatureQueue: size must be a positive integer');
    expect(() => new FeatureQueue(2, 1.5, { key })).toThrow(InvalidOptionError);
    expect(() => new FeatureQueue(2, 2, { key, overflow: 'grow' as 'wrap' })).toThrow(
      "overflow must be 'wrap' or 'drop'",
    );
    expect(() => new FeatureQueue(4, 2, { key }).enqueue(tf.zeros([3, 3]))).toThrow(ShapeError);
  });
});

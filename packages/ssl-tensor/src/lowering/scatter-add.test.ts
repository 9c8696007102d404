import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '../compile/compile.js';
import { randomKey, RandomStream } from '@selfsup/ssl-core';

it('adds every row, also many to one place, and the same way in every run', async () => {
  const [rows, width, places] = [4096, 64, 20];
  const stream = new RandomStream(randomKey(1));
  const x = { data: Float32Array.from({ length: rows * width }, () => stream.normal()), shape: [rows, width] };
  const ids = { data: Int32Array.from({ length: rows }, () => stream.integer(places)), shape: [rows] };
  const expected = new Float64Array(places * width);
  x.data.forEach((value, i) => (expected[ids.data[Math.floor(i / width)]! * width + (i % width)]! += value));
  const sum = compile((values: tf.Tensor2D, at: tf.Tensor1D) => tf.unsortedSegmentSum(values, at, places), {
    threads: 2,
  });
  let first: Float32Array | undefined;
  for (let run = 0; run < 20; run++) {
    const result = await sum(x, ids);
    const values = result.dataSync() as Float32Array;
    first ??= values;
    expect(values).toEqual(first);
    result.dispose();
  }
  first!.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-3));
});

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { compile } from './compile.js';
it('runs', async () => {
  const f = compile((x: tf.Tensor) => tf.sum(x));
  expect((await f({ data: Float32Array.of(1, 2), shape: [2] })).dataSync()[0]).toBe(3);
});

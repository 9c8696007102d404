import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { DataError, ndArray, randomKey, SslError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { Embedding } from './embedding.js';

const table = new Embedding(5, 2, { key: randomKey(0) });

it.each([5, -1, -6, 2 ** 30])('the index %d is in no row, eager and compiled', async (index) => {
  const call = () => table.forward(tf.tensor1d([0, index], 'int32'));
  expect(call).toThrow(DataError);
  expect(call).toThrow('Embedding: indices must lie in 0 .. 4');
  const compiled = compile((x: tf.Tensor) => table.forward(x));
  const run = compiled(ndArray(Int32Array.of(0, index), [2]));
  await expect(run).rejects.toSatisfy((error: unknown) => SslError.isInstance(error));
  compiled.dispose();
});

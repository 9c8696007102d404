import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { DataError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../compile/compile.js';

type Op = (indices: tf.Tensor2D) => tf.Tensor;

const ops: Readonly<Record<string, Op>> = {
  gatherND: (indices) => tf.gatherND(tf.ones([3, 2]), indices),
  scatterND: (indices) => tf.scatterND(indices, tf.tensor1d([5, 7]), [3, 2]),
  'scatterND of int32': (indices) => tf.scatterND(indices, tf.tensor1d([5, 7], 'int32'), [3, 2]),
  sparseToDense: (indices) => tf.sparseToDense(indices, tf.tensor1d([5, 7]), [3, 2]),
  tensorScatterUpdate: (indices) => tf.tensorScatterUpdate(tf.zeros([3, 2]), indices, tf.tensor1d([5, 7])),
};

const placesOf = (row: number, column: number): tf.Tensor2D => tf.tensor2d([0, 1, row, column], [2, 2], 'int32');

describe.each(Object.entries(ops))('tf.%s', (_, op) => {
  it.each([
    [0, 2],
    [1, -1],
    [3, -2],
    [-1, 3],
    [3, 0],
  ])(
    'refuses the place [%d, %d] in [3, 2], eager and compiled, and takes none for another one',
    async (row, column) => {
      const indices = placesOf(row, column);
      for (const backend of ['cpu', 'ssl']) {
        await tf.setBackend(backend);
        expect(() => op(indices)).toThrow(DataError);
        expect(() => op(indices)).toThrow(/is outside axis [01] of shape \[3, 2\]/);
      }
      await expect(compile(op)(indices)).rejects.toThrow(DataError);
    },
  );

  it('takes the last place', async () => {
    const indices = placesOf(2, 1);
    expect(Array.from((await compile(op)(indices)).dataSync())).toEqual(Array.from(op(indices).dataSync()));
  });
});

it.each([tf.sparse.sparseSegmentSum, tf.sparse.sparseSegmentMean])(
  'sums of rows by segment refuse rows before the first, compiled too',
  async (op) => {
    const run = (rows: tf.Tensor1D): tf.Tensor => op(tf.ones([3, 2]), rows, tf.tensor1d([0, 0], 'int32'));
    const rows = tf.tensor1d([0, -1], 'int32');
    expect(() => run(rows)).toThrow(/-1/);
    await expect(compile(run)(rows)).rejects.toThrow(DataError);
  },
);

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { InvalidOptionError, randomKey, ShapeError, traceKernels } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { BatchNorm } from '../layers/batch-norm.js';
import { Conv2d } from '../layers/conv2d.js';
import { Linear } from '../layers/linear.js';
import { MultiHeadAttention } from '../layers/multi-head-attention.js';
import { Relu } from '../layers/relu.js';
import { Sequential } from '../layers/sequential.js';
import { shapesOnly } from '../init/shapes-only.js';
import type { Module } from '../module/module.js';
import { multiplyAddsOf } from './multiply-adds.js';
import { summary } from './summary.js';

const key = randomKey(1);
const network = (): Sequential =>
  new Sequential([
    new Conv2d(3, 8, { key, kernelSize: 3, stride: 2, padding: 1, bias: false }),
    new BatchNorm(8),
    new Relu(),
    new Conv2d(8, 16, { key, kernelSize: 5, groups: 8, padding: 2 }),
  ]);

describe('summary', () => {
  it('counts parameters and multiply-adds of each module', async () => {
    const model = network();
    const before = tf.memory().numTensors;
    const { parameters, multiplyAdds, modules, ...rest } = await summary(model, [2, 8, 8, 3]);
    expect(tf.memory().numTensors).toBe(before);
    const convolutions = [2 * 4 * 4 * 8 * 27, 2 * 4 * 4 * 16 * 25] as const;
    expect(multiplyAdds).toBe(convolutions[0] + convolutions[1]);
    expect(parameters).toBe(8 * 27 + 2 * 8 + 16 * 25 + 16);
    expect(modules.map(({ name, multiplyAdds: own }) => [name, own])).toEqual([
      ['', multiplyAdds],
      ['0', convolutions[0]],
      ['1', 0],
      ['2', 0],
      ['3', convolutions[1]],
    ]);
    expect(modules[3 + 1]).toMatchObject({ kind: 'Conv2d', parameters: 416, output: [2, 4, 4, 16] });
    expect(rest.toString().split('\n')).toEqual([
      'module  kind        output         parameters  multiply-adds',
      '(all)   Sequential  [2, 4, 4, 16]         648         19,712',
      '0       Conv2d      [2, 4, 4, 8]          216          6,912',
      '1       BatchNorm   [2, 4, 4, 8]           16              0',
      '2       Relu        [2, 4, 4, 8]            0              0',
      '3       Conv2d      [2, 4, 4, 16]         416         12,800',
    ]);
    expect(String(await summary(model, [2, 8, 8, 3], { depth: 0 })).split('\n').length).toBe(2);
  });

  it('counts projections, scores and sums of attention', async () => {
    const model = new MultiHeadAttention(8, { key, heads: 2 });
    const { multiplyAdds, modules } = await summary(model, [3, 5, 8]);
    expect(multiplyAdds).toBe(3 * (5 * 8 * 32 + 2 * 5 * 5 * 8));
    // The projection of queries, keys and values is cut into three, and not called.
    expect(modules.find(({ name }) => name === 'proj')!.multiplyAdds).toBe(3 * 5 * 64);
  });

  it('builds what it is given a builder of without memory, and disposes of it', async () => {
    const before = tf.memory();
    const build = (): Linear => new Linear(30_000, 30_000, { key });
    const { parameters, multiplyAdds } = await summary(build, [4, 30_000]);
    expect([parameters, multiplyAdds]).toEqual([900_030_000, 3_600_000_000]);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numDataBuffers: before.numDataBuffers });
    const model = new Linear(2, 2, { key });
    await summary(model, [1, 2]);
    expect(model.forward(tf.ones([1, 2])).shape).toEqual([1, 2]);
  });

  it('leaves values alone that are built afterwards, or after a builder that failed', () => {
    expect(() =>
      shapesOnly(() => {
        throw new TypeError('no');
      }),
    ).toThrow(TypeError);
    const { data } = new Linear(4, 4, { key }).stateDict().get('weight')!;
    expect((data as Float32Array).some((value) => value !== 0)).toBe(true);
  });

  it('refuses what is no module of one tensor', async () => {
    await expect(summary(() => ({}) as Module, [1, 2])).rejects.toThrow(InvalidOptionError);
    await expect(summary(3 as unknown as Module, [1, 2])).rejects.toThrow(InvalidOptionError);
    await expect(summary(network(), [8, 8, 0] as never)).rejects.toThrow(ShapeError);
    await expect(summary(network(), 8 as never)).rejects.toThrow(ShapeError);
    await expect(summary(network(), [1, 8, 8, 4])).rejects.toThrow('[batch, height, width, 3]');
    await expect(summary(network(), [1, 8, 8, 3], { deep: 1 } as never)).rejects.toThrow('depth');
    await expect(summary(network(), [1, 8, 8, 3], { depth: -1 })).rejects.toThrow(InvalidOptionError);
  });
});

describe('multiply-adds', () => {
  const count = async (fn: (x: tf.Tensor) => tf.Tensor, shape: number[]): Promise<number> => {
    let all = 0;
    await traceKernels(fn as (...inputs: tf.Tensor[]) => tf.Tensor, [shape], (call) => (all += multiplyAddsOf(call)));
    return all;
  };
  const weight = (shape: number[]): tf.Tensor => tf.variable(tf.zeros(shape));

  it.each<[string, (x: tf.Tensor) => tf.Tensor, number[], number]>([
    ['a transposed matrix', (x) => tf.matMul(x, weight([7, 5]), false, true), [4, 5], 4 * 5 * 7],
    ['a matrix transposed first', (x) => tf.matMul(x, weight([5, 7]), true), [5, 4], 4 * 5 * 7],
    ['matrices of a batch', (x) => tf.matMul(x, weight([3, 5, 7])), [3, 4, 5], 3 * 4 * 5 * 7],
    ['einsum', (x) => tf.einsum('bij,jk->bik', x, weight([5, 7])), [3, 4, 5], 3 * 4 * 5 * 7],
    [
      'a convolution of volumes',
      (x) => tf.conv3d(x as tf.Tensor5D, weight([3, 3, 3, 2, 4]) as tf.Tensor5D, 1, 'same'),
      [1, 4, 4, 4, 2],
      64 * 4 * 54,
    ],
    [
      'a transposed convolution',
      (x) => tf.conv2dTranspose(x as tf.Tensor4D, weight([2, 2, 5, 3]) as tf.Tensor4D, [1, 8, 8, 5], 2, 'same'),
      [1, 4, 4, 3],
      16 * 3 * 20,
    ],
    ['a sum', (x) => tf.sum(x), [4, 5], 0],
  ])('of %s', async (_, fn, shape, expected) => expect(await count(fn, shape)).toBe(expected));
});

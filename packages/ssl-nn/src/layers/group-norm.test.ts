import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { compile, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { training } from '../module/forward-context.js';
import { BatchNorm } from './batch-norm.js';
import { FrozenBatchNorm } from './frozen-batch-norm.js';
import { GroupNorm } from './group-norm.js';

const x = tf.randomNormal([2, 3, 4, 6], 1, 2, 'float32', 3) as tf.Tensor4D;
const vector = (seed: number): tf.Tensor => tf.randomUniform([6], 0.5, 1.5, 'float32', seed);

function expectClose(actual: tf.Tensor, expected: readonly number[]): void {
  const values = actual.dataSync();
  expect(values.length).toBe(expected.length);
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 4));
}

describe('GroupNorm', () => {
  it('gives each group of a sample mean 0 and variance 1, then scale and offset, with an activation', async () => {
    const layer = new GroupNorm(6, { groups: 3 });
    layer.weight.variable.assign(vector(1));
    layer.bias.variable.assign(tf.sub(vector(2), 1));
    const [scale, offset] = [layer.weight.variable.dataSync(), layer.bias.variable.dataSync()];
    const data = x.dataSync();
    const expected = Array.from(data, (value, i) => {
      const [sample, group, channel] = [Math.floor(i / 72), Math.floor((i % 6) / 2), i % 6];
      const own = [...data].filter((_, j) => Math.floor(j / 72) === sample && Math.floor((j % 6) / 2) === group);
      const mean = own.reduce((sum, item) => sum + item, 0) / own.length;
      const variance = own.reduce((sum, item) => sum + (item - mean) ** 2, 0) / own.length;
      return ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[channel]! + offset[channel]!;
    });
    expectClose(layer.forward(x), expected);
    expectClose(await compile((input: tf.Tensor4D) => layer.forward(input))(x), expected);
    expectClose(
      layer.forward(x, training, 'relu'),
      expected.map((value) => Math.max(0, value)),
    );
    expect([...layer.stateDict().keys()]).toEqual(['weight', 'bias']);
  });

  it('refuses groups that do not divide, and other features', () => {
    expect(() => new GroupNorm(6)).toThrow('a divisor of the 6 features');
    expect(() => new GroupNorm(6, { groups: 0 })).toThrow(InvalidOptionError);
    expect(() => new GroupNorm(4, { groups: 2 }).forward(x)).toThrow(ShapeError);
  });
});

describe('FrozenBatchNorm', () => {
  it('equals the batch normalisation whose weights it has, also while training, and changes nothing', () => {
    const trained = new BatchNorm(6);
    trained.weight!.variable.assign(vector(1));
    trained.bias!.variable.assign(vector(2));
    trained.forward(x, training);
    const frozen = new FrozenBatchNorm(6);
    const { missing, unexpected, ignored } = frozen.loadStateDict(trained.stateDict());
    expect([missing, unexpected, [...ignored.keys()]]).toEqual([[], [], ['num_batches_tracked']]);
    const expected = [...trained.forward(x).dataSync()];
    const before = [...frozen.runningMean.variable.dataSync()];
    expectClose(frozen.forward(x, training), expected);
    expectClose(
      frozen.forward(x, training, 'relu'),
      expected.map((value) => Math.max(0, value)),
    );
    expect([...frozen.runningMean.variable.dataSync()]).toEqual(before);
    expect(frozen.parameterCount()).toBe(0);
    expect(() => frozen.forward(tf.ones([2, 5]))).toThrow(ShapeError);
  });
});

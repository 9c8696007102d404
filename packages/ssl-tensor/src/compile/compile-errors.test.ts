import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { DataError, InvalidOptionError, SslError, UnsupportedOpError } from '@selfsup/ssl-core';
import { compile } from './compile.js';

beforeEach(() => tf.setBackend('cpu'));

/** What a call rejects with. */
async function refusal(call: () => Promise<unknown>): Promise<SslError> {
  const error = await call().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(SslError.isInstance(error)).toBe(true);
  return error as SslError;
}

const x = (): tf.Tensor1D => tf.tensor1d([1, 2, 3, 4]);
const unsupported: readonly (readonly [string, (input: tf.Tensor1D) => unknown, RegExp])[] = [
  ['dataSync', (input) => tf.mul(input, input.dataSync()[0]!), /reading a value/],
  ['arraySync of something computed', (input) => tf.mul(input, tf.sum(input).arraySync() as number), /reading a value/],
  ['a tensor as a condition', (input) => (tf.max(input).dataSync()[0]! > 1 ? tf.neg(input) : input), /tf\.where/],
  ['Math.random', (input) => tf.mul(input, Math['random']()), /Math\.random[\s\S]*random key/],
  ['tf.randomNormal', (input) => tf.add(input, tf.randomNormal([4])), /Math\.random/],
  ['tf.dropout', (input) => tf.dropout(input, 0.5), /Math\.random/],
  ['tf.unique', (input) => tf.unique(input).values, /Unique/],
  ['tf.spectral.rfft', (input) => tf.abs(tf.spectral.rfft(input)), /Complex|FFT/],
];

describe('what cannot be recorded', () => {
  it.each(unsupported)('%s is refused by name, with the line that called it', async (_, fn, message) => {
    const error = await refusal(() => compile(fn, { name: 'step' })(x()));
    expect(error).toBeInstanceOf(UnsupportedOpError);
    expect(error.message).toMatch(message);
    expect((error as UnsupportedOpError).userLine).toMatch(/compile-errors\.test\.ts:\d+:\d+$/);
    expect(error.message).toContain((error as UnsupportedOpError).userLine!);
  });

  it('names the very line', async () => {
    const here = /compile-errors\.test\.ts:(\d+)/.exec(new Error('here').stack!)![1];
    const error = await refusal(() => compile((input: tf.Tensor1D) => tf.unique(input).values)(x()));
    expect((error as UnsupportedOpError).userLine).toContain(`compile-errors.test.ts:${Number(here) + 1}:`);
  });

  it('an async function', async () => {
    const fn = async (input: tf.Tensor): Promise<tf.Tensor> => tf.neg(input);
    expect((await refusal(() => compile(fn)(x()))).message).toMatch(/async/);
  });

  it('an async function that fails by itself', async () => {
    const fn = async (input: tf.Tensor): Promise<tf.Tensor> => tf.mul(input, (await input.data())[0]!);
    expect((await refusal(() => compile(fn)(x()))).message).toMatch(/async/);
  });

  it('a function without effect', async () => {
    expect((await refusal(() => compile((input: tf.Tensor) => void tf.neg(input))(x()))).message).toMatch(
      /without effect/,
    );
  });

  it('variables made at every trace', async () => {
    expect(
      (await refusal(() => compile((input: tf.Tensor) => tf.add(tf.variable(input, true), 1))(x()))).message,
    ).toMatch(/variable/);
  });
});

const disposed = (): tf.Tensor => {
  const tensor = tf.scalar(1);
  tensor.dispose();
  return tensor;
};

describe('arguments that are not data', () => {
  class Batch {
    readonly images = x();
  }
  it.each([
    ['a class instance', { batch: new Batch() }, /argument 1\.batch .*got a Batch/],
    ['a function', [(): number => 1], /argument 1\[0\] .*function/],
    ['a disposed tensor', disposed(), /argument 1 .*disposed/],
    ['a string tensor', tf.tensor1d(['a']), /argument 1 .*string tensor/],
    ['a host array of the wrong size', { data: new Float32Array(3), shape: [2, 2] }, /argument 1 .*4 elements .*3/],
  ])('%s is refused by place, as a rejection', async (_, argument, message) => {
    const call = compile((input: unknown) => tf.neg(input as tf.Tensor));
    const error = await refusal(() => call(argument as never));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error.message).toMatch(message);
  });

  it.each([
    { device: 'gpu' as never },
    { threads: 0 },
    { threads: 1.5 },
    { threads: 2, deterministic: true },
    { device: 'webgpu' as const, deterministic: true },
    { device: 'tensorflow' as const, deterministic: true },
  ])('options %o', async (options) => {
    expect(await refusal(() => compile((input: tf.Tensor) => tf.neg(input), options)(x()))).toBeInstanceOf(
      InvalidOptionError,
    );
  });
});

describe('failures at run time', () => {
  it('a disposed variable', async () => {
    const v = tf.variable(tf.scalar(1));
    const f = compile((input: tf.Tensor) => tf.mul(input, v));
    await f(x());
    const { name } = v;
    v.dispose();
    expect((await refusal(() => f(x()))).message).toContain(`'${name}' was disposed`);
  });

  it('an index outside its tensor; the next call works', async () => {
    const v = tf.variable(tf.scalar(0));
    const f = compile((table: tf.Tensor, indices: tf.Tensor1D) => {
      v.assign(tf.add(v, 1));
      return tf.gather(table, indices);
    });
    const error = await refusal(() => f(x(), tf.tensor1d([9], 'int32')));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/index outside/);
    expect(v).toBeAllClose(0);
    expect(await f(x(), tf.tensor1d([3], 'int32'))).toBeAllClose([4]);
    expect(v).toBeAllClose(1);
  });
});

describe('after a failing trace', () => {
  it('variables, backend, Math.random and the number of tensors are as before, and the next trace works', async () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const shared = tf.clone(v);
    const optimizer = tf.train.adagrad(0.1, 0.5);
    let fail = true;
    const step = compile((input: tf.Tensor) => {
      const loss = optimizer.minimize(() => tf.sum(tf.square(tf.mul(v, input))), true)!;
      v.assign(tf.mul(v, 2));
      if (fail) loss.dataSync();
      return loss;
    });
    const input = tf.tensor1d([1, 1]);
    const random = Math['random'];
    await refusal(() => step(input));
    const [tensors, buffers] = [tf.memory().numTensors, tf.memory().numDataBuffers];
    for (let i = 0; i < 3; i++) await refusal(() => step(input));
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([tensors, buffers]);
    expect(tf.getBackend()).toBe('cpu');
    expect(Math['random']).toBe(random);
    expect(v).toBeAllClose([1, 2]);
    expect(shared).toBeAllClose([1, 2]);

    fail = false;
    const fresh = tf.variable(tf.tensor1d([1, 2]));
    const eagerOptimizer = tf.train.adagrad(0.1, 0.5);
    for (let i = 0; i < 2; i++) {
      const eager = tf.tidy(() => {
        const value = eagerOptimizer
          .minimize(() => tf.sum(tf.square(tf.mul(fresh, input))), true, [fresh])!
          .dataSync()[0]!;
        fresh.assign(tf.mul(fresh, 2));
        return value;
      });
      expect(await step(input)).toBeAllClose(eager);
    }
    expect(v).toBeAllClose(fresh);
  });
});

describe('an index outside the tensor is refused, and never taken for another row', () => {
  const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  const ints = (values: readonly number[], shape: number[]): tf.Tensor => tf.tensor([...values], shape, 'int32');
  it.each([
    ['tf.gather before the first', (at: tf.Tensor) => tf.gather(table, at), ints([0, -1], [2])],
    ['tf.gather beyond the last', (at: tf.Tensor) => tf.gather(table, at, 1), ints([0, 2], [2])],
    ['tf.gather in batches, before', (at: tf.Tensor) => tf.gather(table, at, 1, 1), ints([0, -1, 0], [3, 1])],
    ['tf.gather in batches, in the next group', (at: tf.Tensor) => tf.gather(table, at, 1, 1), ints([2, 0, 0], [3, 1])],
    ['tf.gatherND before', (at: tf.Tensor) => tf.gatherND(table, at), ints([1, -1], [1, 2])],
    ['tf.scatterND before', (at: tf.Tensor) => tf.scatterND(at, tf.ones([1]), [4]), ints([-1], [1, 1])],
  ])('%s', async (_, op, indices) => {
    expect(DataError.isInstance(await refusal(() => compile(op)(indices)))).toBe(true);
  });
});

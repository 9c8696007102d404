import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { DeviceError } from '../errors/device-error.js';
import { InvalidOptionError, ndArray } from '@selfsup/ssl-core';
import { engineThreads } from '../engine/engine-threads.js';
import { compile } from './compile.js';
import type { CompileOptions } from './compiled-types.js';

beforeEach(() => tf.setBackend('cpu'));

describe('arguments and results', () => {
  it('takes host arrays, tensors and variables', async () => {
    const f = compile((x: tf.Tensor) => tf.sum(tf.mul(x, 2)));
    expect(await f(ndArray(Float32Array.of(1, 2), [2]))).toBeAllClose(6);
    expect(await f(tf.tensor1d([3, 4]))).toBeAllClose(14);
    expect(await f(tf.variable(tf.tensor1d([5, 6])))).toBeAllClose(22);
    expect(f.traces).toBe(1);
  });

  it('takes bytes as int32 tensors, and truths as they are', async () => {
    const f = compile((bytes: tf.Tensor, truths: tf.Tensor) => [
      tf.add(bytes, tf.scalar(1, 'int32')),
      tf.logicalNot(truths),
    ]);
    const [sum, not] = await f(ndArray(Uint8Array.of(0, 255), [2]), tf.tensor1d([true, false], 'bool'));
    expect(sum!).toBeAllClose([1, 256], { dtype: 'int32' });
    expect(not!).toBeAllClose([0, 1], { dtype: 'bool' });
  });

  it('keeps the structure of nested arguments and results', async () => {
    const f = compile((batch: { views: [tf.Tensor, tf.Tensor]; rest: { label: tf.Tensor; unused?: tf.Tensor } }) => ({
      sums: batch.views.map((view) => tf.sum(view)),
      nested: { label: batch.rest.label, kind: 'batch', count: 2, nothing: null },
    }));
    const result = await f({
      views: [tf.ones([2]), ndArray(Float32Array.of(3), [1])],
      rest: { label: ndArray(Int32Array.of(7), [1]) },
    });
    expect(result.sums.map((sum) => sum.dataSync()[0])).toEqual([2, 3]);
    expect(result.nested).toMatchObject({ kind: 'batch', count: 2, nothing: null });
    expect(result.nested.label).toBeAllClose([7], { dtype: 'int32' });
  });

  it('returns arguments, constants and the same tensor twice', async () => {
    const captured = tf.tensor1d([4, 5]);
    const f = compile((x: tf.Tensor) => {
      const y = tf.neg(x);
      return [x, y, y, captured, tf.scalar(9, 'int32')];
    });
    const results = await f(tf.tensor1d([1, 2]));
    expect(results.map((result) => Array.from(result.dataSync()))).toEqual([[1, 2], [-1, -2], [-1, -2], [4, 5], [9]]);
    expect(new Set(results.map(({ dataId }) => dataId)).size).toBe(5);
  });

  it('lets the caller dispose of an argument, or write over a variable, as soon as the call is made', async () => {
    const f = compile((x: tf.Tensor) => tf.neg(x));
    const x = tf.tensor1d([1, 2]);
    const v = tf.variable(tf.tensor1d([3, 4]));
    const increment = compile(() => v.assign(tf.add(v, 1)));
    const results = [f(x), increment(), f(v)] as const;
    x.dispose();
    expect(await results[0]).toBeAllClose([-1, -2]);
    expect(await results[2]).toBeAllClose([-4, -5]);
  });

  it('takes views of arrays and memory that threads share', async () => {
    const f = compile((x: tf.Tensor) => tf.neg(x));
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    expect(await f(ndArray(shared, [2]))).toBeAllClose([-1, -2]);
    expect(await f(ndArray(Float32Array.of(0, 1, 5, 6).subarray(2), [2]))).toBeAllClose([-5, -6]);
  });

  it('says what to install for the device tensorflow where there is no tfjs-node', async () => {
    const folder = process.env['SSL_TFJS_NODE'];
    process.env['SSL_TFJS_NODE'] = '/no/such/folder';
    try {
      const f = compile((x: tf.Tensor) => tf.neg(x), { device: 'tensorflow' });
      await expect(f(tf.scalar(1))).rejects.toThrow(DeviceError);
      await expect(f(tf.scalar(1))).rejects.toThrow(
        /'tensorflow' does not work here: \/no\/such\/folder.*Install @tensorflow/,
      );
      expect(f.traces).toBe(0);
    } finally {
      if (folder === undefined) delete process.env['SSL_TFJS_NODE'];
      else process.env['SSL_TFJS_NODE'] = folder;
    }
  });

  it('ignores arguments that nothing depends on', async () => {
    const f = compile((x: tf.Tensor, _unused: tf.Tensor) => tf.neg(x));
    expect(await f(tf.scalar(1), tf.zeros([1000]))).toBeAllClose(-1);
  });

  it('keeps a captured tensor that was cast without a copy apart from its source', async () => {
    const whole = tf.tensor1d([1, 2], 'int32');
    const floats = tf.cast(whole, 'float32');
    const [a, b] = await compile((x: tf.Tensor) => [tf.mul(x, floats), tf.add(tf.cast(x, 'int32'), whole)])(
      tf.tensor1d([0.5, 2.5]),
    );
    expect(a!).toBeAllClose([0.5, 5], { dtype: 'float32' });
    expect(b!).toBeAllClose([1, 4], { dtype: 'int32' });
  });

  it('works with tidy, keep-free customGrad and second derivatives', async () => {
    const cube = tf.customGrad((x: tf.Tensor | tf.GradSaveFunc, save: tf.Tensor | tf.GradSaveFunc) => {
      const input = x as tf.Tensor;
      (save as tf.GradSaveFunc)([input]);
      return {
        value: tf.pow(input, 3),
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.mul(tf.square(saved[0]!), 30)),
      };
    });
    const f = compile((x: tf.Tensor) =>
      tf.tidy(() => [
        cube(x),
        tf.grad((y) => tf.sum(cube(y)))(x),
        tf.grad((y) => tf.sum(tf.grad((z) => tf.sum(tf.pow(z, 3)))(y)))(x),
      ]),
    );
    const [value, slope, bend] = await f(tf.tensor1d([2, -1]));
    expect(value!).toBeAllClose([8, -1]);
    expect(slope!).toBeAllClose([120, 30]);
    expect(bend!).toBeAllClose([12, -6]);
  });
});

describe('signatures', () => {
  it('tells the threads that it runs with', () => {
    const triple = (x: tf.Tensor): tf.Tensor => tf.mul(x, 3);
    expect(compile(triple).threads).toBe(engineThreads());
    expect(compile(triple, { threads: 3 }).threads).toBe(3);
    expect(compile(triple, { deterministic: true }).threads).toBe(1);
  });

  it('gives the bytes of one thread where they are to be the same on any number of cores', async () => {
    // On two threads and more, the runtime adds up this product in longer pieces.
    const product = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Tensor => tf.sum(tf.matMul(x, y), 1);
    const [x, y] = [tf.randomNormal([128, 1024], 0, 1, 'float32', 1), tf.randomNormal([1024, 256], 0, 1, 'float32', 2)];
    const bytesOf = async (options: CompileOptions): Promise<Uint8Array> => {
      const result = await compile(product, options)(x as tf.Tensor2D, y as tf.Tensor2D);
      return new Uint8Array(result.dataSync().buffer.slice());
    };
    const deterministic = await bytesOf({ deterministic: true });
    expect(deterministic).toEqual(await bytesOf({ threads: 1 }));
    expect(await bytesOf({ deterministic: true })).toEqual(deterministic);
  });

  it('traces once per shape, type and structure', async () => {
    const f = compile((x: tf.Tensor | tf.Tensor[]) => tf.addN(Array.isArray(x) ? x : [x]));
    await f(tf.zeros([2]));
    await f(tf.ones([2]));
    expect(f.traces).toBe(1);
    await f(tf.zeros([3]));
    await f(tf.zeros([3], 'int32'));
    await f([tf.zeros([3])]);
    expect(f.traces).toBe(4);
    await f(tf.zeros([3]));
    expect(f.traces).toBe(4);
  });

  it.each([
    [1, 2],
    [0, -0],
    [NaN, Infinity],
    [Infinity, -Infinity],
    ['1', 1],
    ['true', true],
    [null, NaN],
    [undefined, null],
    ['relu', 'gelu'],
  ])('traces %s and %s apart', async (a, b) => {
    const seen: unknown[] = [];
    const f = compile((x: tf.Tensor, value: unknown) => {
      seen.push(value);
      return tf.neg(x);
    });
    for (const value of [a, b, a, b]) await f(tf.scalar(1), value as never);
    expect(seen).toEqual([a, b]);
    expect(f.traces).toBe(2);
  });

  it('bakes static numbers in', async () => {
    const f = compile((x: tf.Tensor, factor: number) => tf.mul(x, factor));
    expect(await f(tf.scalar(2), 3)).toBeAllClose(6);
    expect(await f(tf.scalar(2), 5)).toBeAllClose(10);
  });

  it('starts afresh after dispose()', async () => {
    const f = compile((x: tf.Tensor) => tf.neg(x));
    await f(tf.scalar(1));
    f.dispose();
    expect(await f(tf.scalar(2))).toBeAllClose(-2);
    expect(f.traces).toBe(2);
    f.dispose();
  });
});

describe('surroundings', () => {
  it.each(['cpu', 'ssl'])('leaves TF.js on the backend %s', async (name) => {
    await tf.setBackend(name);
    const f = compile((x: tf.Tensor) => tf.neg(x));
    for (let i = 0; i < 2; i++) {
      await f(tf.scalar(1));
      expect(tf.getBackend()).toBe(name);
    }
  });

  it('runs calls one after the other in the order of the calls, across functions', async () => {
    const log = tf.variable(tf.scalar(0));
    const append = (digit: number): (() => Promise<tf.Tensor>) =>
      compile(() => {
        log.assign(tf.add(tf.mul(log, 10), digit));
        return tf.mul(log, 1);
      });
    const [one, two, three] = [append(1), append(2), append(3)];
    const results = await Promise.all([one(), three(), two(), one()]);
    expect(results.map((result) => result.dataSync()[0])).toEqual([1, 13, 132, 1321]);
  });

  it('draws the same numbers eagerly on its own backend as on TF.js’s', async () => {
    await tf.setBackend('ssl');
    expect(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]))).toBeAllClose([
      [3, 3],
      [3, 3],
    ]);
    expect(tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2]))).toBeAllClose([2, 4]);
  });
});

describe('more signatures than maxTraces', () => {
  it('give back the graph not used for longest, and warn once', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const double = compile((x: tf.Tensor) => tf.mul(x, 2), { maxTraces: 2, name: 'double' });
    const call = async (length: number): Promise<number> => {
      const result = await double(tf.ones([length]));
      expect(result).toBeAllClose(new Array<number>(length).fill(2));
      return double.traces;
    };
    const traces: number[] = [];
    // 2 is used again before 3 comes, so 1 goes; then 2 is the older one.
    for (const length of [1, 2, 1, 2, 3, 2, 4, 3]) traces.push(await call(length));
    expect(traces).toEqual([1, 2, 2, 2, 3, 3, 4, 5]);
    expect(warning).toHaveBeenCalledOnce();
    expect(warning.mock.calls[0]![0]).toMatch(
      /'double'.*more than 2 different input signatures.*float32\[3\].*maxTraces/,
    );
    warning.mockRestore();
    double.dispose();
  });

  it('are refused where none may be', () => {
    expect(() => compile((x: tf.Tensor) => x, { maxTraces: 0 })).toThrow(InvalidOptionError);
  });
});

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { ndArray, UnsupportedOpError } from '@selfsup/ssl-core';
import { hostCall } from '../ops/host-call.js';
import { compile } from './compile.js';

describe('a call computes with what its arguments hold when it is made', () => {
  const slow = compile((x: tf.Tensor2D) => tf.matMul(x, x));
  const busy = (): Promise<tf.Tensor> => slow(ndArray(new Float32Array(256 * 256), [256, 256]));

  it('though the arrays are written over in the same tick, or while it waits', async () => {
    const double = compile(({ x, n }: { x: tf.Tensor; n: tf.Tensor[] }) => tf.add(tf.mul(x, 2), n[0]!));
    for (const before of [false, true]) {
      // A Buffer's own slice would be a view.
      const [data, bytes] = [Float32Array.of(1, 2, 3), Buffer.from([1, 1, 1])];
      if (before) void busy();
      const result = double({ x: ndArray(data, [3]), n: [ndArray(bytes, [3])] });
      data.fill(100);
      bytes.fill(100);
      await Promise.resolve();
      data.fill(200);
      expect(await result).toBeAllClose([3, 5, 7]);
    }
  });

  it('though a reused batch is filled anew for each of many calls', async () => {
    const sum = compile((x: tf.Tensor) => tf.sum(x));
    const batch = new Int32Array(4);
    const sums = Array.from({ length: 5 }, (_, step) => sum(ndArray(batch.fill(step), [4])));
    expect((await Promise.all(sums)).map((result) => result.dataSync()[0])).toEqual([0, 4, 8, 12, 16]);
  });

  it('though the array that a tensor was made of is written over, or the tensor disposed of', async () => {
    const double = compile((x: tf.Tensor) => tf.mul(x, 2));
    const data = Float32Array.of(1, 2);
    const x = tf.tensor1d(data);
    const result = double(x);
    data.fill(100);
    x.dispose();
    expect(await result).toBeAllClose([2, 4]);
  });

  it('though a list or a record of arguments is changed', async () => {
    const both = compile(({ parts, scale }: { parts: tf.Tensor[]; scale: number }) => tf.mul(tf.addN(parts), scale));
    const parts = [ndArray(Float32Array.of(1), [1]), ndArray(Float32Array.of(2), [1])];
    const options = { parts, scale: 3 };
    const result = both(options);
    parts.pop();
    options.scale = 7;
    expect(await result).toBeAllClose([9]);
  });
});

describe('eager code that assigns a variable between a call and its end', () => {
  const setUp = () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const unused = tf.variable(tf.scalar(5));
    const step = compile(
      (x: tf.Tensor) => {
        v.assign(tf.add(v, x));
        return tf.sum(v);
      },
      { name: 'step' },
    );
    return { v, unused, step, x: ndArray(Float32Array.of(1), [1]) };
  };

  it('makes the call fail, at its first run and later; the assignment stands, and the next call goes on from it', async () => {
    const { v, step, x } = setUp();
    const message = new RegExp(
      `variable '${v.name}' was assigned by eager code between a call of 'step'.*Await the call`,
    );
    for (let round = 0; round < 2; round++) {
      const call = step(x);
      v.assign(tf.tensor1d([10, 20]));
      await expect(call).rejects.toThrow(UnsupportedOpError);
      await expect(call).rejects.toThrow(message);
      expect(v).toBeAllClose([10, 20]);
      // What the message advises.
      expect(await step(x)).toBeAllClose(32);
      v.assign(tf.tensor1d([1, 2]));
      expect(await step(x)).toBeAllClose(5);
    }
  });

  it('fails the calls that were made before, not the one after', async () => {
    const { v, step, x } = setUp();
    expect(await step(x)).toBeAllClose(5);
    const [first, second] = [step(x), step(x)];
    v.assign(tf.tensor1d([0, 0]));
    const third = step(x);
    await expect(first).rejects.toThrow(/Await the call first/);
    await expect(second).rejects.toThrow(/Await the call first/);
    expect(await third).toBeAllClose(2);
  });

  it('may assign what the call does not use', async () => {
    const { v, unused, step, x } = setUp();
    for (let round = 0; round < 2; round++) {
      const call = step(x);
      unused.assign(tf.scalar(6));
      await call;
    }
    expect(v).toBeAllClose([3, 4]);
  });

  it('is not taken for calls of other compiled functions, nor for variables that share what they hold', async () => {
    const { v, step, x } = setUp();
    const copy = v.clone();
    const reset = compile(() => v.assign(tf.tensor1d([7, 7])));
    const results = [step(x), reset(), step(x)] as const;
    expect(await results[0]).toBeAllClose(5);
    expect(await results[2]).toBeAllClose(16);
    expect(copy).toBeAllClose([1, 2]);
  });

  it('fails a call that only reads, one that takes the variable as an argument, and one whose variable is gone', async () => {
    const [v, w] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(2))];
    const reads = compile(() => tf.mul(v, 2));
    const takes = compile((x: tf.Tensor) => tf.mul(x, 2));
    for (let round = 0; round < 2; round++) {
      const calls = [reads(), takes(v)];
      v.assign(tf.scalar(9));
      for (const call of calls) await expect(call).rejects.toThrow(/was assigned by eager code/);
    }
    const call = takes(w);
    w.dispose();
    await expect(call).rejects.toThrow(/was disposed of by eager code between a call/);
  });

  it('fails a first call whose variable is disposed of in the same tick, and every later one', async () => {
    const { v, step, x } = setUp();
    const call = step(x);
    v.dispose();
    for (const failing of [call, step(x)]) {
      await expect(failing).rejects.toThrow(UnsupportedOpError);
      await expect(failing).rejects.toThrow(`variable '${v.name}' was disposed of before the call`);
    }
  });

  it('fails a first call whose captured tensor is disposed of; one that is kept until then stays in the trace', async () => {
    const captured = tf.tensor1d([1, 2]);
    const scaled = compile((x: tf.Tensor) => tf.mul(x, captured));
    const folded = compile(() => tf.mul(captured, 2));
    const x = ndArray(Float32Array.of(3, 3), [2]);
    const calls = [scaled(x), folded()];
    captured.dispose();
    for (const call of calls) {
      await expect(call).rejects.toThrow(UnsupportedOpError);
      await expect(call).rejects.toThrow(/a tensor of shape \[2\] was disposed of before the call.*Keep it until/);
    }
    // What the message advises.
    const kept = tf.tidy(() => tf.keep(tf.tensor1d([1, 2])));
    const double = compile((value: tf.Tensor) => tf.mul(value, kept));
    await double(x);
    kept.dispose();
    expect(await double(x)).toBeAllClose([3, 6]);
  });

  it('fails a call that waits for the host, which then assigns nothing', async () => {
    const [v, w] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(2))];
    let meanwhile = (): void => undefined;
    const step = compile(() => {
      const [y] = hostCall([v], [{ shape: [], dtype: 'float32' }], async ([x]) => {
        await Promise.resolve();
        meanwhile();
        return [x!];
      });
      v.assign(tf.add(v, y!) as tf.Scalar);
      w.assign(tf.mul(w, 2));
    });
    await step();
    expect([v.dataSync()[0], w.dataSync()[0]]).toEqual([2, 4]);
    meanwhile = () => v.assign(tf.scalar(50));
    await expect(step()).rejects.toThrow(/was assigned by eager code/);
    expect([v.dataSync()[0], w.dataSync()[0]]).toEqual([50, 4]);
  });
});

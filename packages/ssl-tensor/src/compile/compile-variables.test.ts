import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeEach, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from './compile.js';

beforeEach(() => tf.setBackend('cpu'));

const increment = (variable: tf.Variable): ReturnType<typeof compile<[], tf.Tensor>> =>
  compile(() => {
    variable.assign(tf.add(variable, 1));
    return tf.mul(variable, 10);
  });

describe('variables', () => {
  it('are read and assigned; the function sees its own assignments', async () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const step = increment(v);
    for (let i = 1; i <= 4; i++) {
      expect(await step()).toBeAllClose([10 * (1 + i), 10 * (2 + i)]);
      expect(v).toBeAllClose([1 + i, 2 + i]);
    }
    expect(step.traces).toBe(1);
  });

  it.each(['cpu', 'ssl'])('made on the backend %s move to the engine and can be read afterwards', async (name) => {
    await tf.setBackend(name);
    const v = tf.variable(tf.tensor1d([1, 2]));
    await increment(v)();
    expect(v).toBeAllClose([2, 3]);
    expect(await v.data()).toEqual(Float32Array.of(2, 3));
    expect(tf.add(v, 1)).toBeAllClose([3, 4]);
  });

  it('keep their type: int32 and bool', async () => {
    const count = tf.variable(tf.scalar(3, 'int32'), false);
    const flags = tf.variable(tf.tensor1d([true, false], 'bool'), false);
    const step = compile(() => {
      count.assign(tf.add(count, tf.scalar(1, 'int32')));
      flags.assign(tf.logicalNot(flags));
    });
    for (let i = 0; i < 3; i++) await step();
    expect(count).toBeAllClose(6, { dtype: 'int32' });
    expect(flags).toBeAllClose([0, 1], { dtype: 'bool' });
  });

  it('made of a float tensor that TF.js keeps as integers are floats', async () => {
    const v = tf.variable(tf.cast(tf.tensor1d([1, 2], 'int32'), 'float32'));
    const step = compile(() => v.assign(tf.mul(v, 0.5)));
    await step();
    expect(v).toBeAllClose([0.5, 1], { dtype: 'float32' });
  });

  it('are seen by the next step after an eager assignment', async () => {
    const v = tf.variable(tf.scalar(1));
    const step = increment(v);
    await step();
    v.assign(tf.mul(v, 2));
    expect(await step()).toBeAllClose(50);
    v.assign(tf.scalar(7));
    expect(await step()).toBeAllClose(80);
    expect(v).toBeAllClose(8);
  });

  it('are shared by compiled functions', async () => {
    const v = tf.variable(tf.scalar(1));
    const [add, double, read] = [
      increment(v),
      compile(() => v.assign(tf.mul(v, 2))),
      compile((x: tf.Tensor) => tf.add(v, x)),
    ];
    await add();
    await double();
    await add();
    expect(await read(tf.scalar(0.5))).toBeAllClose(5.5);
    expect(v).toBeAllClose(5);
  });

  it('can be swapped', async () => {
    const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(2))];
    const swap = compile(() => {
      const old = tf.clone(a);
      a.assign(b as tf.Scalar);
      b.assign(old as tf.Scalar);
    });
    for (let i = 0; i < 3; i++) await swap();
    expect([a.dataSync()[0], b.dataSync()[0]]).toEqual([2, 1]);
  });

  it('that are only read stay as they are', async () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    expect(await compile(() => tf.neg(v))()).toBeAllClose([-1, -2]);
    expect(v).toBeAllClose([1, 2]);
  });
});

describe('what shares data with a variable keeps its value', () => {
  it('a clone taken before a step', async () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const step = increment(v);
    const before = tf.clone(v);
    await step();
    const between = tf.clone(v);
    await step();
    await step();
    expect(before).toBeAllClose([1, 2]);
    expect(between).toBeAllClose([2, 3]);
    expect(v).toBeAllClose([4, 5]);
  });

  it('a reshape taken between steps', async () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const step = increment(v);
    await step();
    const view = tf.reshape(v, [2, 1]);
    await step();
    expect(view).toBeAllClose([[2], [3]]);
  });

  it('values read before a step', async () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const step = increment(v);
    await step();
    const values = v.dataSync();
    await step();
    await step();
    expect(Array.from(values)).toEqual([2, 3]);
  });

  it("the user's own array", async () => {
    const own = Float32Array.of(1, 2);
    const v = tf.variable(tf.tensor1d(own));
    const step = increment(v);
    for (let i = 0; i < 3; i++) await step();
    expect(own).toEqual(Float32Array.of(1, 2));
  });

  it('the tensor that a variable was made of, captured by the function', async () => {
    const origin = tf.tensor1d([1, 2]);
    const v = tf.variable(origin);
    const step = compile(() => {
      v.assign(tf.add(v, 1));
      return tf.sub(v, origin);
    });
    for (let i = 1; i <= 3; i++) expect(await step()).toBeAllClose([i, i]);
    expect(origin).toBeAllClose([1, 2]);
  });

  it('another variable made of the same tensor', async () => {
    const origin = tf.scalar(1);
    const [online, target] = [tf.variable(origin), tf.variable(origin)];
    const step = compile(() => {
      online.assign(tf.add(online, 1));
      return tf.stack([online, target]);
    });
    expect(await step()).toBeAllClose([2, 1]);
    expect(await step()).toBeAllClose([3, 1]);
  });

  it('another variable assigned from it, before the trace and between steps', async () => {
    const [online, target] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(0))];
    target.assign(online as tf.Scalar);
    const step = compile(() => {
      online.assign(tf.add(online, 1));
      target.assign(tf.add(tf.mul(target, 0.5), tf.mul(online, 0.5)));
    });
    await step();
    expect([online.dataSync()[0], target.dataSync()[0]]).toEqual([2, 1.5]);
    target.assign(online as tf.Scalar);
    await step();
    expect([online.dataSync()[0], target.dataSync()[0]]).toEqual([3, 2.5]);
  });
});

describe('memory', () => {
  const numbers = (): number[] => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes];

  it('does not grow over 50 steps, and disposing everything gives it all back', async () => {
    const start = numbers();
    const x = tf.randomNormal([8, 4], 0, 1, 'float32', 1) as tf.Tensor2D;
    const w = tf.tidy(() => tf.variable(tf.randomNormal([4, 3], 0, 1, 'float32', 2) as tf.Tensor2D));
    const optimizer = tf.train.adam(0.01);
    const step = compile((batch: tf.Tensor2D) =>
      optimizer.minimize(() => tf.mean(tf.square(tf.matMul(batch, w))), true)!,
    );
    tf.dispose(await step(x));
    const warm = numbers();
    for (let i = 0; i < 50; i++) {
      tf.dispose(await step(x));
      expect(numbers()).toEqual(warm);
    }
    step.dispose();
    optimizer.dispose();
    tf.dispose([x, w]);
    expect(numbers()).toEqual(start);
  });

  it('gains one tensor per result', async () => {
    const f = compile((x: tf.Tensor) => [tf.neg(x), tf.abs(x)]);
    const x = tf.ones([2]);
    tf.dispose(await f(x));
    const before = tf.memory().numTensors;
    const results = await f(x);
    expect(tf.memory().numTensors).toBe(before + 2);
    tf.dispose(results);
    expect(tf.memory().numTensors).toBe(before);
  });
});

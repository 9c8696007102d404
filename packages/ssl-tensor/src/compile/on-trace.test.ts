import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { profile } from '../profile/profile.js';
import { compile } from './compile.js';
import type { MemoryPlan } from './compiled-types.js';

const x = (rows: number) => ({ data: new Float32Array(rows * 100).fill(1), shape: [rows, 100] });

it('is told of the memory of each signature before it runs, and when it is ready', async () => {
  const w = tf.variable(tf.ones([100, 50]));
  const told: (MemoryPlan | string)[] = [];
  const step = compile(
    (input: tf.Tensor2D) => {
      const hidden = tf.matMul(input, w as tf.Tensor2D);
      w.assign(tf.mul(w, 2));
      return tf.sum(tf.sin(hidden));
    },
    { onTrace: (plan) => told.push(plan), onReady: () => told.push('ready') },
  );
  const values = [];
  for (const rows of [10, 10, 20]) {
    const result = await step(x(rows));
    values.push(result.dataSync()[0]);
    result.dispose();
  }
  expect(told).toHaveLength(4);
  expect([told[1], told[3]]).toEqual(['ready', 'ready']);
  const [first, , second] = told as MemoryPlan[];
  expect(first).toMatchObject({ state: 20_000, assigned: 20_000 });
  // The product and its sine, of 4 bytes each.
  expect(first!.workspace).toBeGreaterThanOrEqual(2 * 10 * 50 * 4);
  expect(first!.workspace).toBeLessThan(3 * 10 * 50 * 4);
  expect(second!.workspace / first!.workspace).toBeCloseTo(2, 1);
  expect(first!.data).toBeGreaterThanOrEqual(10 * 100 * 4 + 4);
  step.dispose();
  w.dispose();
});

it('refuses the call by what it throws, and changes nothing', async () => {
  const w = tf.variable(tf.scalar(1));
  let refuse = true;
  const step = compile(
    (input: tf.Tensor2D) => {
      w.assign(tf.add(w, 1) as tf.Scalar);
      return tf.sum(input);
    },
    {
      onTrace: () => {
        if (refuse) throw new RangeError('too large');
      },
    },
  );
  await expect(step(x(2))).rejects.toThrow('too large');
  expect(w.dataSync()[0]).toBe(1);
  refuse = false;
  const sum = await step(x(2));
  expect([sum.dataSync()[0], w.dataSync()[0]]).toEqual([200, 2]);
  sum.dispose();
  step.dispose();
  w.dispose();
});

it('plans about what the runtime says it had in use', async () => {
  const weights = [64, 256, 256, 64].map((columns, layer, all) =>
    tf.variable(tf.mul(tf.ones([all[layer - 1] ?? 64, columns]), 0.01)),
  );
  const train = (x: tf.Tensor2D): tf.Tensor => {
    const { value, grads } = tf.variableGrads(() => {
      let hidden = x;
      for (const weight of weights) hidden = tf.tanh(tf.matMul(hidden, weight as tf.Tensor2D));
      return tf.mean(tf.square(hidden)) as tf.Scalar;
    });
    for (const weight of weights) weight.assign(tf.sub(weight, tf.mul(grads[weight.name]!, 0.1)));
    return value;
  };
  const x = { data: new Float32Array(4096 * 64).fill(0.5), shape: [4096, 64] };
  const plans: MemoryPlan[] = [];
  const step = compile(train, { onTrace: (plan) => plans.push(plan) });
  (await step(x)).dispose();
  step.dispose();
  const { peakMegabytes } = await profile(train, [x], { runs: 1 });
  const planned = plans[0]!.workspace / 1e6;
  expect(planned / peakMegabytes).toBeGreaterThan(0.85);
  expect(planned / peakMegabytes).toBeLessThan(1.1);
  for (const weight of weights) weight.dispose();
});

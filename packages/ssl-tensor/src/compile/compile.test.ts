import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { compile } from './compile.js';

it('runs a function of host arrays', async () => {
  const f = compile((x: tf.Tensor) => tf.sum(tf.mul(x, 2)));
  expect((await f({ data: Float32Array.of(1, 2), shape: [2] })).dataSync()[0]).toBe(6);
});

it('trains a plain TF.js model like eager TF.js', async () => {
  const run = async (compiled: boolean): Promise<number[]> => {
    await tf.setBackend('cpu');
    const w1 = tf.variable(tf.randomNormal([8, 16], 0, 0.3, 'float32', 1));
    const b1 = tf.variable(tf.zeros([16]));
    const w2 = tf.variable(tf.randomNormal([16, 3], 0, 0.3, 'float32', 2));
    const x = tf.randomNormal([32, 8], 0, 1, 'float32', 3);
    const y = tf.cast(tf.oneHot(tf.cast(tf.mod(tf.range(0, 32, 1, 'int32'), tf.scalar(3, 'int32')), 'int32'), 3), 'float32');
    const optimizer = tf.train.adam(0.01);
    const step = (xs: tf.Tensor2D, ys: tf.Tensor2D): tf.Scalar => {
      const { value, grads } = tf.variableGrads(() => {
        const hidden = tf.relu(tf.add(tf.matMul(xs, w1 as tf.Tensor2D), b1));
        const logits = tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D);
        return tf.losses.softmaxCrossEntropy(ys, logits) as tf.Scalar;
      });
      optimizer.applyGradients(grads as never);
      return value;
    };
    const losses: number[] = [];
    const fast = compile(step);
    for (let i = 0; i < 20; i++) {
      const loss = compiled ? await fast(x as tf.Tensor2D, y as tf.Tensor2D) : tf.tidy(() => step(x as tf.Tensor2D, y as tf.Tensor2D));
      losses.push(loss.dataSync()[0]!);
    }
    return losses;
  };
  const eager = await run(false);
  const fast = await run(true);
  eager.forEach((loss, i) => expect(Math.abs(fast[i]! - loss) / loss).toBeLessThan(1e-5));
  expect(eager[19]!).toBeLessThan(eager[0]! * 0.95);
});

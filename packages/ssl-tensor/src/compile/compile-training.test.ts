import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from './compile.js';

const optimizers = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.9),
  'momentum of Nesterov': () => tf.train.momentum(0.05, 0.9, true),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(1),
  rmsprop: () => tf.train.rmsprop(0.01),
  'rmsprop with momentum': () => tf.train.rmsprop(0.005, 0.9, 0.5),
  adam: () => tf.train.adam(0.01),
  adamax: () => tf.train.adamax(0.01),
} as const;

/** A model on the spot: its variables and the loss of a batch. */
interface Model {
  readonly inputShape: readonly number[];
  readonly variables: readonly tf.Variable[];
  readonly logits: (x: tf.Tensor) => tf.Tensor2D;
}

let seed = 0;
const weights = (shape: number[], deviation: number): tf.Variable =>
  tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, deviation, 'float32', ++seed)));
const zeros = (size: number): tf.Variable => tf.tidy(() => tf.variable(tf.zeros([size])));

function perceptron(): Model {
  const [w1, b1, w2, b2] = [weights([8, 16], 0.4), zeros(16), weights([16, 3], 0.3), zeros(3)] as const;
  const logits = (x: tf.Tensor): tf.Tensor2D => {
    const hidden = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, w1 as tf.Tensor2D), b1));
    return tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2) as tf.Tensor2D;
  };
  return { inputShape: [8], variables: [w1, b1, w2, b2], logits };
}

function convolutions(): Model {
  const [k1, c1, k2, c2, gain, w, b] = [
    weights([3, 3, 2, 6], 0.3),
    zeros(6),
    weights([3, 3, 6, 8], 0.2),
    zeros(8),
    weights([8], 1),
    weights([8, 3], 0.4),
    zeros(3),
  ] as const;
  const logits = (x: tf.Tensor): tf.Tensor2D => {
    const first = tf.maxPool(
      tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, k1 as tf.Tensor4D, 1, 'same'), c1)) as tf.Tensor4D,
      2,
      2,
      'valid',
    );
    const second = tf.conv2d(first, k2 as tf.Tensor4D, 1, 'same');
    const { mean, variance } = tf.moments(second, [0, 1, 2]);
    const normal = tf.batchNorm(
      second,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      c2 as tf.Tensor1D,
      gain as tf.Tensor1D,
      1e-3,
    );
    const pooled = tf.avgPool(tf.relu(normal), 2, 2, 'valid');
    return tf.add(tf.matMul(tf.reshape(pooled, [-1, 8]) as tf.Tensor2D, w as tf.Tensor2D), b) as tf.Tensor2D;
  };
  return { inputShape: [4, 4, 2], variables: [k1, c1, k2, c2, gain, w, b], logits };
}

const batchSize = 6;
const steps = 20;

/** Losses of 20 steps over three batches in turn, and the variables after them. */
async function train(
  makeModel: () => Model,
  makeOptimizer: () => tf.Optimizer,
  compiled: boolean,
): Promise<{ losses: number[]; final: Float32Array[] }> {
  await tf.setBackend('cpu');
  seed = 0;
  const model = makeModel();
  const optimizer = makeOptimizer();
  const batches = [1, 2, 3].map((index) =>
    tf.randomNormal([batchSize, ...model.inputShape], 0, 1, 'float32', 100 + index),
  );
  const labels = tf.tidy(() =>
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: batchSize }, (_, i) => i % 3),
        'int32',
      ),
      3,
      1,
      0,
      'float32',
    ),
  );
  const step = (x: tf.Tensor, y: tf.Tensor): tf.Scalar => {
    const { value, grads } = tf.variableGrads(
      () => tf.losses.softmaxCrossEntropy(y, model.logits(x)) as tf.Scalar,
      [...model.variables],
    );
    optimizer.applyGradients(grads);
    return value;
  };
  const fast = compile(step);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const loss = compiled ? await fast(batches[i % 3]!, labels) : tf.tidy(() => step(batches[i % 3]!, labels));
    losses.push(loss.dataSync()[0]!);
    loss.dispose();
  }
  const final = model.variables.map((variable) => variable.dataSync() as Float32Array);
  fast.dispose();
  optimizer.dispose();
  tf.dispose([batches, labels, [...model.variables]]);
  return { losses, final };
}

describe.each([
  ['a perceptron', perceptron],
  ['a convolutional net with bias, batch statistics, max and average pooling', convolutions],
] as const)('%s trains compiled as it does eagerly', (_, makeModel) => {
  it.each(Object.entries(optimizers))('with %s', async (_name, makeOptimizer) => {
    const eager = await train(makeModel, makeOptimizer, false);
    const fast = await train(makeModel, makeOptimizer, true);
    expect(fast.losses).toBeAllClose(eager.losses, { rtol: 1e-5, atol: 0 });
    fast.final.forEach((values, index) => expect(values).toBeAllClose(eager.final[index]!, { rtol: 1e-3, atol: 1e-4 }));
    // It does learn: the agreement is not one of models that stand still.
    expect(Math.min(...eager.losses.slice(-3))).toBeLessThan(eager.losses[0]!);
    expect(eager.losses[19]).not.toBe(eager.losses[16]);
  });
});

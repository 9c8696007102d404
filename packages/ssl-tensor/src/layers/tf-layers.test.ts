import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { beforeEach, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { compile } from '../compile/compile.js';
import { keyArray, type TensorKey } from '../ops/random-uniform.js';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { keyedDropout } from './keyed-dropout.js';

beforeEach(() => tf.setBackend('cpu'));

const [batchSize, classes, steps] = [6, 3, 20];

const optimizers = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.05, 0.9),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(0.3),
  rmsprop: () => tf.train.rmsprop(0.005),
  adam: () => tf.train.adam(0.01),
  adamax: () => tf.train.adamax(0.01),
} as const;

/** Convolution, batch normalisation, dropout, dense; the same weights every time. */
function makeModel(rate: number): Sequential {
  const model = sequential({
    layers: [
      // Without a bias, which batch normalisation takes away again: its gradient would be rounding only.
      layers.conv2d({ inputShape: [6, 6, 2], filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization({ momentum: 0.8 }),
      layers.activation({ activation: 'relu' }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.dropout({ rate }),
      layers.flatten(),
      layers.dense({ units: 8, activation: 'tanh' }),
      layers.dropout({ rate }),
      layers.dense({ units: classes }),
    ],
  });
  const stream = new RandomStream(randomKey(1));
  const weights = model.weights.map(({ shape, originalName }) => {
    const size = shape.reduce<number>((product, length) => product * length!, 1);
    const mean = /gamma|variance/.test(originalName) ? 1 : 0;
    return tf.tensor(
      Float32Array.from({ length: size }, () => stream.normal(mean, 0.2)),
      shape as number[],
    );
  });
  model.setWeights(weights);
  tf.dispose(weights);
  return model;
}

const batches = [1, 2, 3].map((seed) => {
  const stream = new RandomStream(randomKey(seed));
  return { data: Float32Array.from({ length: batchSize * 72 }, () => stream.normal()), shape: [batchSize, 6, 6, 2] };
});
const labels = { data: Int32Array.from({ length: batchSize }, (_, index) => index % classes), shape: [batchSize] };
const keyOf = (step: number): { data: Int32Array; shape: readonly [2] } => keyArray(foldIn(randomKey(8), step));

interface Training {
  readonly losses: number[];
  /** All weights, the moving statistics of batch normalisation among them. */
  readonly weights: Float32Array[];
}

async function train(makeOptimizer: () => tf.Optimizer, rate: number, compiled: boolean): Promise<Training> {
  const model = keyedDropout(makeModel(rate));
  const optimizer = makeOptimizer();
  const trained = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const step = (x: tf.Tensor, y: tf.Tensor1D, key: TensorKey): tf.Scalar => {
    const { value, grads } = tf.variableGrads(() => {
      const logits = model.apply(x, { training: true, key }) as tf.Tensor2D;
      return tf.losses.softmaxCrossEntropy(tf.oneHot(y, classes, 1, 0, 'float32'), logits) as tf.Scalar;
    }, trained);
    optimizer.applyGradients(grads);
    return value;
  };
  const fast = compile(step, { threads: 1 });
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const [x, key] = [batches[index % 3]!, keyOf(index)];
    const loss = compiled
      ? await fast(x, labels, key)
      : tf.tidy(() =>
          step(tf.tensor(x.data, x.shape), tf.tensor1d(labels.data, 'int32'), tf.tensor1d(key.data, 'int32')),
        );
    losses.push(loss.dataSync()[0]!);
    loss.dispose();
  }
  const weights = model.weights.map((weight) => Float32Array.from(weight.read().dataSync()));
  fast.dispose();
  optimizer.dispose();
  model.dispose();
  return { losses, weights };
}

describe.each([0, 0.25])('a tf.layers model with dropout %s trains compiled as it does eagerly', (rate) => {
  it.each(Object.entries(optimizers))('with tf.train.%s', async (_, makeOptimizer) => {
    const eager = await train(makeOptimizer, rate, false);
    const fast = await train(makeOptimizer, rate, true);
    expect(fast.losses).toBeAllClose(eager.losses, { rtol: 2e-5, atol: 0 });
    fast.weights.forEach((values, index) =>
      expect(values).toBeAllClose(eager.weights[index]!, { rtol: 1e-3, atol: 1e-4 }),
    );
    // It learns, and the moving statistics move.
    expect(Math.min(...eager.losses.slice(-3))).toBeLessThan(eager.losses[0]!);
    const fresh = makeModel(rate);
    fresh.weights.forEach((weight, index) => {
      if (!/moving/.test(weight.originalName)) return;
      const moved = fast.weights[index]!.map((value, place) => Math.abs(value - weight.read().dataSync()[place]!));
      expect(Math.max(...moved)).toBeGreaterThan(0.05);
    });
    fresh.dispose();
  });
});

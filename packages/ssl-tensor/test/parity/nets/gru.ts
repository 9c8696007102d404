import * as tf from '@tensorflow/tfjs-core';

import { biases, kernel, normals, parityNet } from './parity-net.js';

const [batch, steps, inputs, units] = [3, 5, 4, 6];

/**
 * A gated recurrent unit unrolled over the steps, forwards and backwards, that predicts the next input of each step.
 *
 * Source: Cho et al. 2014, arXiv 1406.1078, equations 5-8.
 */
export const gru = parityNet({
  name: 'GRU',
  weights: {
    input: kernel([inputs, 3 * units]),
    state: kernel([units, 2 * units]),
    candidate: kernel([units, units]),
    bias: biases(3 * units),
    head: kernel([2 * units, inputs]),
    headBias: biases(inputs),
  },
  batch: (stream) => ({
    series: normals(stream, [batch, steps + 1, inputs]),
    // 1 = the step counts.
    counted: {
      data: Float32Array.from({ length: batch * steps }, (_, i) => Number(i % steps < 3 + (i % 2))),
      shape: [batch, steps],
    },
  }),
  loss: ({ series, counted }, w) => {
    const run = (sequence: readonly tf.Tensor[]): tf.Tensor[] => {
      let hidden: tf.Tensor2D = tf.zeros([batch, units]);
      return sequence.map((x) => {
        const projected = tf.add(tf.matMul(x as tf.Tensor2D, w.input as tf.Tensor2D), w.bias);
        const [forUpdate, forReset, forCandidate] = tf.split(projected, 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
        const [u, r] = tf.split(tf.matMul(hidden, w.state as tf.Tensor2D), 2, 1) as [tf.Tensor, tf.Tensor];
        const update = tf.sigmoid(tf.add(forUpdate, u));
        const reset = tf.sigmoid(tf.add(forReset, r));
        const recurrent = tf.matMul(tf.mul(reset, hidden) as tf.Tensor2D, w.candidate as tf.Tensor2D);
        const candidate = tf.tanh(tf.add(forCandidate, recurrent));
        hidden = tf.add(tf.mul(update, hidden), tf.mul(tf.sub(1, update), candidate));
        return hidden;
      });
    };
    const sequence = tf.unstack(tf.slice(series, [0, 0, 0], [-1, steps, -1]), 1);
    const [forwards, backwards] = [run(sequence), run(sequence.toReversed()).toReversed()];
    const states = tf.concat([tf.stack(forwards, 1), tf.stack(backwards, 1)], 2);
    const rows = tf.matMul(tf.reshape(states, [-1, 2 * units]) as tf.Tensor2D, w.head as tf.Tensor2D);
    const predicted = tf.reshape(tf.add(rows, w.headBias), [batch, steps, inputs]);
    const errors = tf.mean(tf.squaredDifference(predicted, tf.slice(series, [0, 1, 0])), -1);
    return tf.div(tf.sum(tf.mul(errors, counted)), tf.sum(counted)) as tf.Scalar;
  },
});

import * as tf from '@tensorflow/tfjs-core';

import { dropout } from '../../../src/ops/dropout.js';
import { foldInKey, type TensorKey } from '../../../src/ops/random-uniform.js';
import { sparseSoftmaxCrossEntropy } from '../../../src/ops/sparse-softmax-cross-entropy.js';
import { takeRows } from '../../../src/ops/take-rows.js';
import { biases, drawKey, gains, integers, kernel, parityNet } from './parity-net.js';

const [batch, tokens, width, heads, vocabulary, masked] = [3, 8, 16, 2, 24, 5];

/** Layer normalisation by TF.js's own ops. */
function layerNorm(x: tf.Tensor, scale: tf.Variable, bias: tf.Variable): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), scale), bias);
}

const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

const linear = (x: tf.Tensor2D, w: tf.Variable, b?: tf.Variable): tf.Tensor2D => {
  const y = tf.matMul(x, w as tf.Tensor2D) as tf.Tensor2D;
  return b === undefined ? y : (tf.add(y, b) as tf.Tensor2D);
};

/**
 * A masked language model of one block: embedding, attention with a mask, dropout by keys, a head tied to the embedding
 * on the masked positions only, cross-entropy from integer labels.
 */
export const bert = parityNet({
  name: 'BERT',
  weights: {
    words: { shape: [vocabulary, width], mean: 0, deviation: 0.5 },
    positions: { shape: [tokens, width], mean: 0, deviation: 0.5 },
    scale0: gains(width),
    bias0: biases(width),
    q: kernel([width, width]),
    qBias: biases(width),
    k: kernel([width, width]),
    v: kernel([width, width]),
    vBias: biases(width),
    out: kernel([width, width]),
    outBias: biases(width),
    scale1: gains(width),
    bias1: biases(width),
    up: kernel([width, 2 * width]),
    upBias: biases(2 * width),
    down: kernel([2 * width, width]),
    downBias: biases(width),
    scale2: gains(width),
    bias2: biases(width),
    transform: kernel([width, width]),
    transformBias: biases(width),
    headBias: biases(vocabulary),
  },
  batch: (stream) => ({
    ids: integers(stream, [batch, tokens], vocabulary),
    // 1 = a token, 0 = padding: rows of 8, 7 and 5 tokens.
    attention: {
      data: Int32Array.from(
        [8, 7, 5].flatMap((length) => Array.from({ length: tokens }, (_, i) => Number(i < length))),
      ),
      shape: [batch, tokens],
    },
    places: { data: Int32Array.of(1, 6, 10, 14, 18), shape: [masked] },
    labels: integers(stream, [masked], vocabulary),
    key: drawKey(stream),
  }),
  loss: ({ ids, attention, places, labels, key }, w) => {
    let draws = 0;
    const drop = <T extends tf.Tensor>(x: T): T => dropout(x, 0.1, foldInKey(key as TensorKey, draws++));
    const embedded = tf.add(takeRows(w.words as unknown as tf.Tensor2D, ids), w.positions);
    const x = drop(tf.reshape(layerNorm(embedded, w.scale0, w.bias0), [-1, width]) as tf.Tensor2D);

    const split = (y: tf.Tensor): tf.Tensor =>
      tf.transpose(tf.reshape(y, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
    const scores = tf.matMul(split(linear(x, w.q, w.qBias)), split(linear(x, w.k)), false, true);
    const mask = tf.mul(tf.sub(1, tf.reshape(tf.cast(attention, 'float32'), [batch, 1, 1, tokens])), -1e9);
    const weights = drop(tf.softmax(tf.add(tf.div(scores, Math.sqrt(width / heads)), mask)));
    const mixed = tf.transpose(tf.matMul(weights, split(linear(x, w.v, w.vBias))), [0, 2, 1, 3]);
    const attended = linear(tf.reshape(mixed, [-1, width]) as tf.Tensor2D, w.out, w.outBias);
    const y = layerNorm(tf.add(x, drop(attended)), w.scale1, w.bias1) as tf.Tensor2D;

    const hidden = linear(gelu(linear(y, w.up, w.upBias)) as tf.Tensor2D, w.down, w.downBias);
    const z = layerNorm(tf.add(y, drop(hidden)), w.scale2, w.bias2) as tf.Tensor2D;
    const chosen = tf.gather(z, places as tf.Tensor1D);
    const features = gelu(linear(chosen, w.transform, w.transformBias)) as tf.Tensor2D;
    const logits = tf.add(tf.matMul(features, w.words as unknown as tf.Tensor2D, false, true), w.headBias);
    return tf.mean(sparseSoftmaxCrossEntropy(logits as tf.Tensor2D, labels as tf.Tensor1D)) as tf.Scalar;
  },
});

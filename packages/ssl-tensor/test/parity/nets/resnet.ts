import * as tf from '@tensorflow/tfjs-core';

import { biases, gains, integers, kernel, normals, parityNet } from './parity-net.js';

const classes = 4;

/** Batch normalisation with the batch's statistics, by TF.js's own ops. */
function batchNorm(x: tf.Tensor4D, scale: tf.Variable, bias: tf.Variable): tf.Tensor4D {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, bias as tf.Tensor1D, scale as tf.Tensor1D, 1e-3);
}

const conv = (x: tf.Tensor4D, filter: tf.Variable, stride = 1): tf.Tensor4D =>
  tf.conv2d(x, filter as tf.Tensor4D, stride, 'same');

/** A residual net: stem, max pool, one block with identity and one of stride 2 with projection, global mean. */
export const resnet = parityNet({
  name: 'ResNet',
  weights: {
    stem: kernel([3, 3, 3, 8], 2),
    stemScale: gains(8),
    stemBias: biases(8),
    a1: kernel([3, 3, 8, 8], 2),
    a1Scale: gains(8),
    a1Bias: biases(8),
    a2: kernel([3, 3, 8, 8], 2),
    a2Scale: gains(8),
    a2Bias: biases(8),
    b1: kernel([3, 3, 8, 12], 2),
    b1Scale: gains(12),
    b1Bias: biases(12),
    b2: kernel([3, 3, 12, 12], 2),
    b2Scale: gains(12),
    b2Bias: biases(12),
    projection: kernel([1, 1, 8, 12]),
    projectionScale: gains(12),
    projectionBias: biases(12),
    head: kernel([12, classes]),
    headBias: biases(classes),
  },
  batch: (stream) => ({ images: normals(stream, [6, 12, 12, 3]), labels: integers(stream, [6], classes) }),
  loss: ({ images, labels }, w) => {
    const stem = tf.relu(batchNorm(conv(images as tf.Tensor4D, w.stem), w.stemScale, w.stemBias));
    const x = tf.maxPool(stem, 3, 2, 'same');
    const a1 = tf.relu(batchNorm(conv(x, w.a1), w.a1Scale, w.a1Bias));
    const a = tf.relu(tf.add(batchNorm(conv(a1, w.a2), w.a2Scale, w.a2Bias), x)) as tf.Tensor4D;
    const b1 = tf.relu(batchNorm(conv(a, w.b1, 2), w.b1Scale, w.b1Bias));
    const shortcut = batchNorm(conv(a, w.projection, 2), w.projectionScale, w.projectionBias);
    const b = tf.relu(tf.add(batchNorm(conv(b1, w.b2), w.b2Scale, w.b2Bias), shortcut));
    const logits = tf.add(tf.matMul(tf.mean(b, [1, 2]) as tf.Tensor2D, w.head as tf.Tensor2D), w.headBias);
    const targets = tf.oneHot(labels as tf.Tensor1D, classes, 1, 0, 'float32');
    return tf.losses.softmaxCrossEntropy(targets, logits) as tf.Scalar;
  },
});

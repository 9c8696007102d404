import * as tf from '@tensorflow/tfjs-core';

import { biases, kernel, normals, parityNet } from './parity-net.js';

const [batch, size] = [2, 6];

const conv = (x: tf.Tensor5D, filter: tf.Variable, bias: tf.Variable, stride = 1): tf.Tensor5D =>
  tf.add(tf.conv3d(x, filter as tf.Tensor5D, stride, 'same'), bias) as tf.Tensor5D;

/** An autoencoder of volumes: 3-D convolutions, maximum and average pooling, a transposed 3-D convolution, a skip. */
export const volumeNet = parityNet({
  name: '3-D net',
  weights: {
    first: kernel([3, 3, 3, 1, 4], 2),
    firstBias: biases(4),
    second: kernel([2, 2, 2, 4, 6], 2),
    secondBias: biases(6),
    // Filters of a transposed convolution are `[depth, height, width, out, in]`.
    up: { shape: [2, 2, 2, 4, 6], mean: 0, deviation: 0.2 },
    last: kernel([3, 3, 3, 12, 1]),
    lastBias: biases(1),
  },
  batch: (stream) => ({
    volumes: normals(stream, [batch, size, size, size, 1]),
    targets: normals(stream, [batch, size, size, size, 1]),
  }),
  loss: ({ volumes, targets }, w) => {
    const first = tf.elu(conv(volumes as tf.Tensor5D, w.first, w.firstBias)) as tf.Tensor5D;
    const pooled = tf.maxPool3d(first, 2, 2, 'valid');
    const second = tf.selu(conv(pooled, w.second, w.secondBias)) as tf.Tensor5D;
    const up = tf.conv3dTranspose(second, w.up as tf.Tensor5D, [batch, size, size, size, 4], 2, 'same');
    const smooth = tf.avgPool3d(first, 3, 1, 'same');
    const last = conv(tf.concat([tf.tanh(up), smooth, first], 4), w.last, w.lastBias);
    return tf.losses.meanSquaredError(targets, last) as tf.Scalar;
  },
});

import * as tf from '@tensorflow/tfjs-core';

import { biases, gains, integers, kernel, normals, parityNet } from './parity-net.js';

const [batch, length, classes] = [3, 24, 4];

/** A convolution of width 3 with dilation 2, as TF.js can differentiate it: over each phase of the signal by itself. */
function dilated(x: tf.Tensor3D, filter: tf.Variable): tf.Tensor3D {
  const [n, steps, channels] = x.shape;
  const phases = tf.spaceToBatchND(
    tf.reshape(x, [n, 1, steps, channels]),
    [1, 2],
    [
      [0, 0],
      [0, 0],
    ],
  );
  const rows = tf.reshape(phases, [2 * n, steps / 2, channels]) as tf.Tensor3D;
  const y = tf.conv1d(rows, filter as tf.Tensor3D, 1, 'same');
  const merged = tf.batchToSpaceND(
    tf.expandDims(y, 1),
    [1, 2],
    [
      [0, 0],
      [0, 0],
    ],
  );
  return tf.reshape(merged, [n, steps, y.shape[2]]);
}

/** A net over signals: strided and dilated 1-D convolutions, a depthwise separable one, gates, average pooling. */
export const signalNet = parityNet({
  name: '1-D net',
  weights: {
    stem: kernel([5, 2, 8]),
    stemBias: biases(8),
    filter: kernel([3, 8, 8]),
    gate: kernel([3, 8, 8]),
    gateBias: biases(8),
    depth: { shape: [1, 3, 8, 2], mean: 0, deviation: 0.5 },
    point: kernel([1, 1, 16, 8]),
    slopes: gains(8),
    squeeze: kernel([8, 3]),
    excite: kernel([3, 8]),
    head: kernel([8 * 6, classes]),
    headBias: biases(classes),
  },
  batch: (stream) => ({ signals: normals(stream, [batch, length, 2]), labels: integers(stream, [batch], classes) }),
  loss: ({ signals, labels }, w) => {
    const stem = tf.tanh(
      tf.add(tf.conv1d(signals as tf.Tensor3D, w.stem as tf.Tensor3D, 2, 'same'), w.stemBias),
    ) as tf.Tensor3D;
    const gated = tf.mul(tf.tanh(dilated(stem, w.filter)), tf.sigmoid(tf.add(dilated(stem, w.gate), w.gateBias)));
    const x = tf.add(stem, gated);
    const separable = tf.separableConv2d(
      tf.expandDims(x, 1) as tf.Tensor4D,
      w.depth as tf.Tensor4D,
      w.point as tf.Tensor4D,
      1,
      'same',
    );
    const y = tf.prelu<tf.Tensor>(separable, w.slopes) as tf.Tensor4D;
    const context = tf.matMul(tf.mean(y, [1, 2]) as tf.Tensor2D, w.squeeze as tf.Tensor2D);
    const weights = tf.sigmoid(tf.matMul(tf.relu6(tf.add(context, 1)), w.excite as tf.Tensor2D));
    const scaled = tf.mul(y, tf.reshape(weights, [batch, 1, 1, 8])) as tf.Tensor4D;
    const pooled = tf.avgPool(scaled, [1, 2], [1, 2], 'valid');
    const logits = tf.add(tf.matMul(tf.reshape(pooled, [batch, -1]) as tf.Tensor2D, w.head as tf.Tensor2D), w.headBias);
    const targets = tf.oneHot(labels as tf.Tensor1D, classes, 1, 0, 'float32');
    return tf.losses.softmaxCrossEntropy(targets, logits) as tf.Scalar;
  },
});

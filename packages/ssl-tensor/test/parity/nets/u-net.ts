import * as tf from '@tensorflow/tfjs-core';

import { biases, integers, kernel, normals, parityNet } from './parity-net.js';

const [batch, size, classes] = [2, 8, 3];

const conv = (x: tf.Tensor4D, filter: tf.Variable, bias: tf.Variable): tf.Tensor4D =>
  tf.leakyRelu(tf.add(tf.conv2d(x, filter as tf.Tensor4D, 1, 'same'), bias), 0.1) as tf.Tensor4D;

/**
 * A U-Net: two levels down by max pooling, the image halved by a bilinear resize beside them, up again by transposed
 * convolution and concatenation, a label for each pixel.
 */
export const uNet = parityNet({
  name: 'U-Net',
  weights: {
    down1: kernel([3, 3, 2, 6], 2),
    down1Bias: biases(6),
    down2: kernel([3, 3, 8, 10], 2),
    down2Bias: biases(10),
    bottom: kernel([3, 3, 10, 12], 2),
    bottomBias: biases(12),
    // Filters of a transposed convolution are `[height, width, out, in]`.
    up2: { shape: [2, 2, 8, 12], mean: 0, deviation: 0.3 },
    join2: kernel([3, 3, 18, 8], 2),
    join2Bias: biases(8),
    up1: { shape: [3, 3, 6, 8], mean: 0, deviation: 0.3 },
    join1: kernel([3, 3, 12, 6], 2),
    join1Bias: biases(6),
    head: kernel([1, 1, 6, classes]),
    headBias: biases(classes),
  },
  batch: (stream) => ({
    images: normals(stream, [batch, size, size, 2]),
    labels: integers(stream, [batch, size, size], classes),
  }),
  loss: ({ images, labels }, w) => {
    const source = images as tf.Tensor4D;
    const down1 = conv(source, w.down1, w.down1Bias);
    const half = tf.image.resizeBilinear(source, [size / 2, size / 2]);
    const down2 = conv(tf.concat([tf.maxPool(down1, 2, 2, 'valid'), half], 3), w.down2, w.down2Bias);
    const bottom = conv(tf.maxPool(down2, 2, 2, 'valid'), w.bottom, w.bottomBias);
    const up2 = tf.conv2dTranspose(bottom, w.up2 as tf.Tensor4D, [batch, size / 2, size / 2, 8], 2, 'valid');
    const join2 = conv(tf.concat([up2, down2], 3), w.join2, w.join2Bias);
    const up1 = tf.conv2dTranspose(join2, w.up1 as tf.Tensor4D, [batch, size, size, 6], 2, 'same');
    const join1 = conv(tf.concat([up1, down1], 3), w.join1, w.join1Bias);
    const logits = tf.add(tf.conv2d(join1, w.head as tf.Tensor4D, 1, 'valid'), w.headBias);
    const targets = tf.oneHot(tf.reshape(labels, [-1]) as tf.Tensor1D, classes, 1, 0, 'float32');
    const scores = tf.logSoftmax(tf.reshape(logits, [-1, classes]));
    return tf.neg(tf.mean(tf.sum(tf.mul(scores, targets), -1))) as tf.Scalar;
  },
});

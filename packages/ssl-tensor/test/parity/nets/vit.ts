import * as tf from '@tensorflow/tfjs-core';

import { gelu } from '../../../src/ops/gelu.js';
import { layerNorm } from '../../../src/ops/layer-norm.js';
import { scaledDotProductAttention } from '../../../src/ops/scaled-dot-product-attention.js';
import { biases, gains, integers, kernel, normals, parityNet } from './parity-net.js';

const [batch, size, patch, width, heads, classes] = [4, 12, 4, 16, 2, 5];
const tokens = (size / patch) ** 2 + 1;

/** `x w + b` over the last axis. */
function linear(x: tf.Tensor, w: tf.Variable, b: tf.Variable): tf.Tensor {
  const rows = tf.matMul(tf.reshape(x, [-1, w.shape[0]!]) as tf.Tensor2D, w as tf.Tensor2D);
  return tf.add(tf.reshape(rows, [...x.shape.slice(0, -1), w.shape[1]!]), b);
}

/** A vision transformer of one block: convolution over patches, class token, attention, GELU, layer norm. */
export const vit = parityNet({
  name: 'ViT',
  weights: {
    patches: kernel([patch, patch, 3, width]),
    patchesBias: biases(width),
    token: { shape: [1, 1, width], mean: 0, deviation: 0.5 },
    positions: { shape: [1, tokens, width], mean: 0, deviation: 0.5 },
    scale1: gains(width),
    bias1: biases(width),
    qv: kernel([width, 2 * width]),
    qvBias: biases(2 * width),
    // Without a bias, which attention ignores: its gradient would be rounding only, which Adam makes as large as any.
    k: kernel([width, width]),
    out: kernel([width, width]),
    outBias: biases(width),
    scale2: gains(width),
    bias2: biases(width),
    up: kernel([width, 4 * width]),
    upBias: biases(4 * width),
    down: kernel([4 * width, width]),
    downBias: biases(width),
    scale3: gains(width),
    bias3: biases(width),
    head: kernel([width, classes]),
    headBias: biases(classes),
  },
  batch: (stream) => ({
    images: normals(stream, [batch, size, size, 3]),
    labels: integers(stream, [batch], classes),
  }),
  loss: ({ images, labels }, w) => {
    const patches = tf.conv2d(images as tf.Tensor4D, w.patches as tf.Tensor4D, patch, 'valid');
    const grid = tf.reshape(tf.add(patches, w.patchesBias), [batch, tokens - 1, width]);
    const x = tf.add(tf.concat([tf.tile(w.token, [batch, 1, 1]), grid], 1), w.positions);

    const normal = layerNorm(x, w.scale1, w.bias1, 1e-6);
    const split = (y: tf.Tensor): tf.Tensor4D =>
      tf.transpose(tf.reshape(y, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
    const [q, v] = tf.split(linear(normal, w.qv, w.qvBias), 2, -1) as [tf.Tensor, tf.Tensor];
    const k = tf.reshape(tf.matMul(tf.reshape(normal, [-1, width]) as tf.Tensor2D, w.k as tf.Tensor2D), [
      batch,
      tokens,
      width,
    ]);
    const mixed = tf.transpose(scaledDotProductAttention(split(q), split(k), split(v)), [0, 2, 1, 3]);
    const attended = tf.add(x, linear(tf.reshape(mixed, [batch, tokens, width]), w.out, w.outBias));

    const hidden = gelu(linear(layerNorm(attended, w.scale2, w.bias2, 1e-6), w.up, w.upBias));
    const y = tf.add(attended, linear(hidden, w.down, w.downBias));
    const first = tf.reshape(tf.slice(layerNorm(y, w.scale3, w.bias3, 1e-6), [0, 0, 0], [-1, 1, -1]), [batch, width]);
    const targets = tf.oneHot(labels as tf.Tensor1D, classes, 1, 0, 'float32');
    return tf.losses.softmaxCrossEntropy(targets, linear(first, w.head, w.headBias)) as tf.Scalar;
  },
});

/**
 * Times NT-Xent with its gradient on features [2 x BATCH, 128] (default 4,096 images). Prints one JSON line.
 * BLOCK_ROWS sets the rows of a block of similarities.
 */
import * as tf from '@tensorflow/tfjs-core';
import { ntXent } from '@selfsup/ssl-losses';
import { compile, foldIn, RandomStream, randomKey } from '@selfsup/ssl-tensor';
import { timeSteps } from '../time-steps.js';

const batch = Number(process.env['BATCH'] ?? 4096);
const dim = 128;
const blockRows = process.env['BLOCK_ROWS'];
const options = { temperature: 0.1, ...(blockRows === undefined ? {} : { blockRows: Number(blockRows) }) };
const random = new RandomStream(foldIn(randomKey(0), 'features'));

const step = compile(
  (features: tf.Tensor2D) => {
    const { value, grad } = tf.valueAndGrad((z) => ntXent(z as tf.Tensor2D, options))(features);
    // The gradient is consumed in the graph, as a training step does.
    return tf.add(value, tf.mul(tf.sum(tf.square(grad)), 1e-9));
  },
  { name: 'nt-xent-step' },
);

const features = {
  data: Float32Array.from({ length: 2 * batch * dim }, () => random.normal()),
  shape: [2 * batch, dim],
};
await timeSteps(() => step(features));

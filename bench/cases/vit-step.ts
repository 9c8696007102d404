/** Times one training step of ViT-Tiny on 64 x 65 tokens with AdamW. Prints one JSON line. */
import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from 'ssl-losses';
import { Linear, training } from 'ssl-nn';
import { compile, foldIn, RandomStream, randomKey } from 'ssl-tensor';
import { AdamW } from 'ssl-train';
import { vitTiny } from 'ssl-vision';
import { timeSteps } from '../time-steps.js';

const batch = 64;
const key = randomKey(0);
const random = new RandomStream(foldIn(key, 'data'));
const backbone = vitTiny({ imageSize: 32, patchSize: 4, key });
const head = new Linear(backbone.featureDim, 10, { key: foldIn(key, 'head') });
const parameters = new Map([
  ...backbone.namedParameters(),
  ...[...head.namedParameters()].map(([name, parameter]) => [`head.${name}`, parameter] as const),
]);
const optimizer = new AdamW([{ parameters }], { weightDecay: 0.05 });
const variables = [...parameters.values()].map(({ variable }) => variable);

const step = compile(
  (images: tf.Tensor4D, labels: tf.Tensor1D, learningRate: tf.Scalar) => {
    const { value, grads } = tf.variableGrads(
      () => softmaxCrossEntropy(head.forward(backbone.forward(images, training)) as tf.Tensor2D, labels) as tf.Scalar,
      variables,
    );
    optimizer.apply(grads, learningRate);
    return value;
  },
  { name: 'vit-step' },
);

const images = {
  data: Float32Array.from({ length: batch * 32 * 32 * 3 }, () => random.normal()),
  shape: [batch, 32, 32, 3],
};
const labels = { data: Int32Array.from({ length: batch }, (_, index) => index % 10), shape: [batch] };
const learningRate = { data: Float32Array.of(1e-3), shape: [] };
await timeSteps(() => step(images, labels, learningRate));

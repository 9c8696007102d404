/**
 * Times an optimiser's update of ViT-Small's 22 million parameters by gradients that stay. Prints one JSON line.
 * Usage: optimizer-update.ts [adamw | lars]
 */
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-tensor';
import { vitSmall } from '@selfsup/ssl-vision';
import { optimizerCase } from '../optimizer-case.js';
import { timeTraining } from '../time-steps.js';
import { noise, scalar } from '../training-steps.js';

const { make, learningRate } = optimizerCase();
const parameters = vitSmall({ imageSize: 224, patchSize: 16, key: randomKey(0) }).namedParameters();
const optimizer = make([{ parameters }]);
const gradients = [...parameters.values()].map(({ variable }) => {
  const { data, shape } = noise(variable.shape);
  return [variable.name, tf.variable(tf.tensor(data, [...shape]), false)] as const;
});
const first = parameters.values().next().value!.variable;

const step = (rate: tf.Tensor): tf.Scalar => {
  optimizer.apply(Object.fromEntries(gradients), rate as tf.Scalar);
  return tf.mean(first);
};
await timeTraining('optimizer-update', step, [scalar(learningRate * 1e-3)]);

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { Linear, twinOf } from '@selfsup/ssl-nn';
import { InvalidOptionError, type NdArray, randomKey } from '@selfsup/ssl-tensor';
import { expect, it } from 'vitest';
import { Classifier } from './classifier.js';

const key = randomKey(3);

it('a twin of a classifier uses its own backbone, and never that of the original', async () => {
  await tf.setBackend('cpu');
  const backbone = new Linear(2, 3, { key });
  const options = { backbone, featureDim: 3, classes: 2, key };
  const x = tf.ones([1, 2]);
  const classifier = new Classifier<NdArray>({
    ...options,
    features: (inputs, ctx, own) => (own as Linear).forward(inputs as tf.Tensor2D, ctx),
  });
  const twin = twinOf(classifier);
  const before = [...classifier.forward(x).dataSync()];
  expect([...twin.forward(x).dataSync()]).toEqual(before);
  const { weight } = twin.backbone as Linear;
  weight.variable.assign(tf.zeros([2, 3]));
  expect([...classifier.forward(x).dataSync()]).toEqual(before);
  expect([...twin.forward(x).dataSync()]).not.toEqual(before);
  const closed = new Classifier<NdArray>({ ...options, features: (inputs) => backbone.forward(inputs as tf.Tensor2D) });
  expect(() => twinOf(closed).forward(x)).toThrow(InvalidOptionError);
  expect(() => twinOf(closed).forward(x)).toThrow(/third of the features of a Classifier/);
});

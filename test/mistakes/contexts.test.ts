import { describe } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { BatchNorm, Parameter } from '@selfsup/ssl-nn';
import { Ema } from '@selfsup/ssl-train';
import { accuracy, extractFeatures, inBatches } from '@selfsup/ssl-transfer';
import { encoder, features } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

const matrix = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };

const classes = Int32Array.of(0, 1);

const contexts: readonly Mistake[] = [
  {
    title: 'true for a context',
    code: () => new BatchNorm(3).forward(features(), js(true)),
    error: 'InvalidOptionError',
    message: /BatchNorm\.forward: ctx must be an object of options, got true\. Options are training, key, salt/,
    cure: () => new BatchNorm(3).forward(features(), { training: true }),
  },
  {
    title: 'a misspelt context',
    code: () => new BatchNorm(3).forward(features(), js({ train: true })),
    error: 'InvalidOptionError',
    message: /BatchNorm\.forward: ctx\.train must be a known option, got true\. Did you mean 'training'/,
  },
  {
    title: 'a mode for a context',
    code: () => encoder().forward(tf.zeros([1, 16, 16, 3]), js({ training: 'yes' })),
    error: 'InvalidOptionError',
    message: /ctx\.training must be true or false, got 'yes'/,
  },
  {
    title: 'a tensor for a Parameter',
    code: () => new Parameter(js(features())),
    error: 'InvalidOptionError',
    message:
      /Parameter: initial must be an NdArray, got a float32 tensor \[4, 3\]\. Such as \{ data: Float32Array\.from\(values\), shape \}/,
    cure: () => new Parameter({ data: Float32Array.from([1, 2]), shape: [2] }),
  },
  {
    title: 'an array for batches',
    code: () => extractFeatures((x: tf.Tensor2D) => x, js(matrix)),
    error: 'InvalidOptionError',
    message:
      /batches must be batches one after the other, got an NdArray \[2, 2\]\. Of one array they are inBatches\(array, 64\)/,
    cure: () => extractFeatures((x: tf.Tensor2D) => tf.square(x), inBatches(matrix, 64)),
  },
  {
    title: 'a pair for the EMA',
    code: () => new Ema(js({ online: encoder(), target: encoder() })),
    error: 'InvalidOptionError',
    message: /Ema: pairs must be an array of pairs.*Write \[\{ online, target \}\]/,
    cure: () => new Ema([{ online: encoder(), target: encoder() }]),
  },
  {
    title: 'a tensor for predictions',
    code: () => accuracy(js(tf.tensor1d([0, 1])), classes),
    error: 'InvalidOptionError',
    message: /accuracy: predictions must be an array of numbers \(the data of an NdArray or tensor\)/,
  },
];

describe('contexts', () => {
  testMistakes(contexts);
});

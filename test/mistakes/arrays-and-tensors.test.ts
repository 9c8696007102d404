import { describe } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { ntXent, softmaxCrossEntropy, supCon } from '@selfsup/ssl-losses';
import { BatchNorm } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
import { extractFeatures, inBatches, knnClassify, linearProbe } from '@selfsup/ssl-transfer';
import { features } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

const matrix = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };

const classes = Int32Array.of(0, 1);

const numbers: readonly Mistake[] = [
  {
    title: 'labels that are one-hot',
    code: () => softmaxCrossEntropy(features(2), js(tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]))),
    error: 'ShapeError',
    message: /labels must be int32 \[2\], such as tf\.argMax\(labels, 1\) of one-hot labels, got float32 \[2, 3\]/,
    cure: () => softmaxCrossEntropy(features(2), tf.argMax(tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]), 1)),
  },
  {
    title: 'one-hot labels of supCon',
    code: () => supCon(features(4), js(tf.tensor2d([1, 0, 0, 1], [2, 2], 'int32'))),
    error: 'ShapeError',
    message: /labels must be int32 \[2\], such as tf\.argMax/,
  },
  {
    title: 'labels of floats',
    code: () => softmaxCrossEntropy(features(2), tf.tensor1d([0, 1])),
    error: 'ShapeError',
    message: /labels must be int32 \[2\], got float32 \[2\]/,
    cure: () => softmaxCrossEntropy(features(2), tf.tensor1d([0, 1], 'int32')),
  },
  {
    title: 'host arrays in place of tensors',
    code: () => ntXent(js(matrix)),
    error: 'InvalidOptionError',
    message:
      /ntXent: z must be a tensor \[views \* batch, dim\], or an array of views, got an NdArray \[2, 2\]\. .*tf\.tensor2d\(data, shape\)/,
  },
  {
    title: 'lists in place of tensors',
    code: () =>
      ntXent(
        js([
          [1, 2],
          [3, 4],
        ]),
      ),
    error: 'ShapeError',
    message: /z\[0\] must be a tensor, float32 \[batch, dim\], such as tf\.tensor\(values, shape, dtype\), got 1,2/,
  },
  {
    title: 'a tensor of a scope that has ended',
    code: () => ntXent(disposed()),
    error: 'InvalidOptionError',
    message: /ntXent: z must be a live tensor, got .*disposed.*tf\.tidy/,
  },
  {
    title: 'the same of a compiled function',
    code: () => compile((x: tf.Tensor) => tf.square(x))(disposed()),
    error: 'InvalidOptionError',
    message: /argument 1 must be a live tensor, got .*disposed/,
  },
  {
    title: 'compile() of a promise',
    code: () => compile(js(Promise.resolve(() => tf.scalar(1)))),
    error: 'InvalidOptionError',
    message: /compile: fn must be a function, got a promise/,
  },
  {
    title: 'compile() of an async function',
    code: () => compile(async (x: tf.Tensor) => tf.square(x))(features()),
    error: 'UnsupportedOpError',
    message: /an async function cannot be compiled.*Make the function synchronous/,
    cure: () => compile((x: tf.Tensor) => tf.square(x))(features()),
  },
  {
    title: 'Float64Array for a compiled function',
    code: () => compile((x: tf.Tensor) => tf.square(x))(js(new Float64Array(4))),
    error: 'InvalidOptionError',
    message:
      /argument 1 must be a tensor, host array.*got a Float64Array of 4\. Pass \{ data: Float32Array\.from\(values\), shape \}/,
    cure: () => compile((x: tf.Tensor) => tf.square(x))({ data: Float32Array.from(new Float64Array(4)), shape: [4] }),
  },
  {
    title: 'a promise for a compiled function',
    code: () => compile((x: tf.Tensor) => tf.square(x))(js(Promise.resolve(1))),
    error: 'InvalidOptionError',
    message: /argument 1 .*got a promise.*Await it first/,
  },
  {
    title: 'features of Float64Array',
    code: () =>
      knnClassify({
        train: js({ data: new Float64Array(4), shape: [2, 2] }),
        trainLabels: classes,
        test: matrix,
        k: 1,
      }),
    error: 'ShapeError',
    message: /float32 \[n, d\] with n >= 1.*got Float64Array \[2, 2\]/,
  },
  {
    title: 'features that are lists',
    code: () =>
      knnClassify({
        train: js([
          [1, 0],
          [0, 1],
        ]),
        trainLabels: classes,
        test: matrix,
        k: 1,
      }),
    error: 'InvalidOptionError',
    message: /train must be an NdArray.*\{ data: Float32Array\.from\(rows\.flat\(\)\), shape: \[n, d\] \}/,
    cure: () =>
      knnClassify({
        train: {
          data: Float32Array.from(
            [
              [1, 0],
              [0, 1],
            ].flat(),
          ),
          shape: [2, 2],
        },
        trainLabels: classes,
        test: matrix,
        k: 1,
      }),
  },
  {
    title: 'features that are a promise',
    code: () => linearProbe({ train: js(Promise.resolve(matrix)), trainLabels: classes, test: matrix }),
    error: 'InvalidOptionError',
    message: /linearProbe: train must be an NdArray.*got a promise \(is an await missing\?\)/,
  },
  {
    title: 'labels in an NdArray',
    code: () => knnClassify({ train: matrix, trainLabels: js({ data: classes, shape: [2] }), test: matrix, k: 1 }),
    error: 'InvalidOptionError',
    message: /trainLabels must be an array of numbers \(the data of an NdArray or tensor\)/,
  },
  {
    title: 'a batch with nothing to cut',
    code: () => [...inBatches(js([1, 2, 3]), 2)],
    error: 'ShapeError',
    message: /batch must be at least one NdArray/,
  },
  {
    title: 'a feature function that returns a record',
    code: () =>
      extractFeatures(
        js((x: tf.Tensor) => ({ y: tf.square(x) })),
        inBatches(matrix, 2),
      ),
    error: 'InvalidOptionError',
    message: /features must be a function that returns a tensor \[batch, d\], got an object with y/,
  },
  {
    title: 'options in place of a number of channels',
    code: () => new BatchNorm(js({ channels: 4 })),
    error: 'InvalidOptionError',
    message: /BatchNorm: .* must be a positive integer, got an object with channels/,
  },
];

describe('numbers', () => {
  testMistakes(numbers);
});

function disposed(): tf.Tensor2D {
  const tensor = features();
  tensor.dispose();
  return tensor;
}

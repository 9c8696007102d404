import { describe } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '@selfsup/ssl-core';
import { invert, takeFirst } from '@selfsup/ssl-data';
import { dino, vicreg } from '@selfsup/ssl-losses';
import { Linear } from '@selfsup/ssl-nn';
import { gelu, keyArray, randomUniform } from '@selfsup/ssl-tensor';
import { bertConfig, BertModel } from '@selfsup/ssl-text-mlm';
import { normalizeImages, vitTiny } from '@selfsup/ssl-vision';
import { encoder, features, key, samples, statistics } from './fixtures.js';
import { testMistakes, js, type Mistake } from './mistake.js';

const pixels = { data: new Uint8Array(2 * 16 * 16 * 3), shape: [2, 16, 16, 3] };

const bert = (): BertModel =>
  new BertModel(
    bertConfig({ vocabSize: 10, hiddenSize: 4, numHiddenLayers: 1, numAttentionHeads: 1, intermediateSize: 4 }),
    { key },
  );

const modules: readonly Mistake[] = [
  {
    title: 'a host array for a backbone',
    code: () => encoder().forward(js(pixels)),
    error: 'ShapeError',
    message:
      /Conv2d\.forward: x must be a tensor, such as tf\.tensor\(values, shape, dtype\), got an NdArray \[2, 16, 16, 3\]/,
  },
  {
    title: 'a list for a layer',
    code: () => new Linear(2, 2, { key }).forward(js([[1, 2]])),
    error: 'ShapeError',
    message: /Linear\.forward: x must be a tensor.*got an array of 1/,
    cure: () => new Linear(2, 2, { key }).forward(tf.tensor([[1, 2]])),
  },
  {
    title: 'host arrays for normalizeImages',
    code: () => normalizeImages(js(pixels), statistics),
    error: 'ShapeError',
    message: /normalizeImages: images must be a tensor, \[batch, height, width, channels\]/,
  },
  {
    title: 'ids for BERT',
    code: () => bert().forward(js([[1, 2]])),
    error: 'InvalidOptionError',
    message:
      /BertModel\.forward: inputs must be a record with inputIds, got an array of 1\. Of ids it is \{ inputIds: tf\.tensor2d/,
    cure: () => bert().forward({ inputIds: tf.tensor2d([1, 2], [1, 2], 'int32') }),
  },
  {
    title: 'patches of images with the channels first',
    code: () => vitTiny({ key, imageSize: 16, patchSize: 8 }).forward(tf.zeros([1, 3, 16, 16])),
    error: 'ShapeError',
    message:
      /\[batch, height, width, 3\], such as tf\.transpose\(images, \[0, 2, 3, 1\]\), got \[1, 3, 16, 16\], which has the channels first/,
  },
  {
    title: 'a key of the host in the step',
    code: () => randomUniform(js(randomKey(1)), [2]),
    error: 'ShapeError',
    message:
      /randomUniform: key must be a tensor, int32 \[2\] \(a RandomKey becomes one by tf\.tensor1d\(keyArray\(key\)\.data\)\)/,
    cure: () => randomUniform(tf.tensor1d(keyArray(randomKey(1)).data, 'int32'), [2]),
  },
  {
    title: 'a seed for a key of the step',
    code: () => keyArray(js(7)),
    error: 'InvalidOptionError',
    message: /keyArray: key must be a random key, got 7.*randomKey\(7\)/,
  },
  {
    title: 'an op of a disposed tensor',
    code: () => gelu(disposed()),
    error: 'InvalidOptionError',
    message: /gelu: x must be a live tensor.*tf\.tidy/,
  },
  {
    title: 'one view in place of several',
    code: () => dino(js(features()), js(features()), js({})),
    error: 'InvalidOptionError',
    message:
      /dino: teacher must be an array of tensors, one for each view, got a float32 tensor \[4, 3\]\. Write \[first, second\]/,
  },
  {
    title: 'a pair in place of a matrix',
    code: () => vicreg(js([features(), features()]), js(undefined)),
    error: 'ShapeError',
    message: /vicreg: zA must be a tensor, such as tf\.tensor\(values, shape, dtype\), got an array of 2/,
    cure: () => vicreg(features(), features()),
  },
  {
    title: 'no image for a view',
    code: () => invert(js('photo.png')),
    error: 'InvalidOptionError',
    message:
      /invert: image must be an image, got 'photo\.png'\. An image is \{ data: Uint8Array, shape: \[height, width, channels\] \}, as await decodeImage\(file\)/,
  },
  {
    title: 'a subset of a promise',
    code: () => takeFirst(js(Promise.resolve(samples())), 2),
    error: 'InvalidOptionError',
    message: /takeFirst: dataset must be a data set, got a promise \(is an await missing\?\)/,
    cure: () => takeFirst(samples(), 2),
  },
];

describe('modules', () => {
  testMistakes(modules);
});

function disposed(): tf.Tensor2D {
  const tensor = features();
  tensor.dispose();
  return tensor;
}

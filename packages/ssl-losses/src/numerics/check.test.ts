import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { ndArray, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { checkShape } from './check.js';
import { binaryCrossEntropy, maskedTokenCrossEntropy, softmaxCrossEntropy } from '../index.js';

const logits = tf.tensor2d([
  [1, 2, 3],
  [3, 2, 1],
]);
const losses = { softmaxCrossEntropy, maskedTokenCrossEntropy, binaryCrossEntropy };

it.each([
  ['a list', [0, 1], 'got 0,1'],
  ['a host array', ndArray(Int32Array.of(0, 1), [2]), 'got an NdArray [2]'],
  ['a typed array', Int32Array.of(0, 1), 'got an Int32Array of 2'],
  ['nothing', undefined, 'got undefined'],
  ['null', null, 'got null'],
])('%s in the place of labels is a ShapeError that says what to do', (_, value, given) => {
  for (const loss of Object.values(losses)) {
    const call = () => loss(logits, value as never);
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(/a tensor, (?:int32 \[2\]|float32 \[2, 3\]), such as tf\.tensor\(values, shape, dtype\)/);
    expect(call).toThrow(given);
  }
});

it('a tensor has its type and shape in the message', () =>
  expect(() => checkShape('f', 'x', tf.zeros([2]), ['n', 3])).toThrow('f: x must be float32 [n, 3], got float32 [2]'));

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { agrees, exactly, describeAgreement, floats } from '../../../../test/support/lowering-conformance.js';
import { randomKey } from '../random/random-key.js';
import { RandomStream } from '../random/random-stream.js';
import { scaledDotProductAttention } from './scaled-dot-product-attention.js';

const [batch, heads, queries, keys, dim] = [2, 2, 3, 4, 5];
const stream = new RandomStream(randomKey(5));
const draw = (count: number): number[] => Array.from({ length: count }, () => Math.fround(stream.normal()));

function reference(
  q: readonly number[],
  k: readonly number[],
  v: readonly number[],
  mask: readonly number[],
  scale: number,
): number[] {
  const result: number[] = [];
  for (let head = 0; head < batch * heads; head++) {
    for (let i = 0; i < queries; i++) {
      const scores = Array.from({ length: keys }, (_, j) => {
        let dot = 0;
        for (let d = 0; d < dim; d++) dot += q[(head * queries + i) * dim + d]! * k[(head * keys + j) * dim + d]!;
        return Math.exp(dot * scale + mask[j]!);
      });
      const total = scores.reduce((sum, score) => sum + score, 0);
      for (let d = 0; d < dim; d++)
        result.push(scores.reduce((sum, score, j) => sum + (score / total) * v[(head * keys + j) * dim + d]!, 0));
    }
  }
  return result;
}

it.each([undefined, 0.25])('is softmax(q k^T * scale + mask) v, scale %s', (scale) => {
  const [q, k, v] = [
    draw(batch * heads * queries * dim),
    draw(batch * heads * keys * dim),
    draw(batch * heads * keys * dim),
  ];
  const mask = [0, -1, 0, -1e9];
  const shapes = [queries, keys, keys].map((tokens): [number, number, number, number] => [batch, heads, tokens, dim]);
  const result = scaledDotProductAttention(
    tf.tensor4d(q, shapes[0]),
    tf.tensor4d(k, shapes[1]),
    tf.tensor4d(v, shapes[2]),
    {
      mask: tf.tensor(mask, [1, 1, 1, keys]),
      ...(scale === undefined ? {} : { scale }),
    },
  );
  expect(result).toBeAllClose({
    data: reference(q, k, v, mask, scale ?? 1 / Math.sqrt(dim)),
    shape: [batch, heads, queries, dim],
  });
});

const operands = [floats([2, 2, 3, 5]), floats([2, 2, 4, 5]), floats([2, 2, 4, 5])];

describeAgreement([
  agrees('attention', operands, scaledDotProductAttention),
  agrees(
    'attention of one query',
    [floats([1, 1, 1, 2]), floats([1, 1, 3, 2]), floats([1, 1, 3, 2])],
    scaledDotProductAttention,
  ),
  agrees(
    'attention with a mask',
    [...operands, exactly([0, -1e9, 0, 0, 0, 0, -1e9, -1e9], [2, 1, 1, 4])],
    (q, k, v, mask: tf.Tensor) => scaledDotProductAttention(q, k, v, { mask: tf.add(mask, 0) }),
  ),
]);

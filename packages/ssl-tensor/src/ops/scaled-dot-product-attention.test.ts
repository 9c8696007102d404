import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { agrees, exactly, describeAgreement, floats } from '../../../../test/support/lowering-conformance.js';
import { compile } from '../compile/compile.js';
import { InvalidOptionError, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { dropout } from './dropout.js';
import { keyArray, type TensorKey } from './random-uniform.js';
import { type AttentionOptions, scaledDotProductAttention } from './scaled-dot-product-attention.js';

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

it('adds a bias besides a bool mask, and a query without keys still gets 0', async () => {
  const [q, k] = [tf.ones<tf.Rank.R4>([1, 2, 2, 3]), tf.ones<tf.Rank.R4>([1, 2, 3, 3])];
  const v = tf.reshape(tf.range(0, 18), [1, 2, 3, 3]) as tf.Tensor4D;
  const mask = tf.tensor4d([1, 1, 0, 0, 0, 0], [1, 1, 2, 3], 'bool');
  const bias = tf.tensor3d([0, Math.log(3), 50, 1, 2, 3, Math.log(4), 0, 50, 1, 2, 3], [2, 2, 3]);
  const run = (): tf.Tensor => scaledDotProductAttention(q, k, v, { mask, bias });
  const expected = [2.25, 3.25, 4.25, 0, 0, 0, 9.6, 10.6, 11.6, 0, 0, 0];
  for (const y of [run(), await compile(run)()]) expect(y).toBeAllClose({ data: expected, shape: [1, 2, 2, 3] });
});

interface GoldenArray {
  readonly shape: number[];
  readonly dtype: 'float32' | 'bool';
  readonly data: number[];
}

/** One call of torch's function with the gradients of `sum(y * weights)`. */
interface GoldenAttention {
  readonly name: string;
  readonly q: GoldenArray;
  readonly k: GoldenArray;
  readonly v: GoldenArray;
  readonly mask?: GoldenArray;
  readonly causal: boolean;
  readonly scale?: number;
  readonly weights: GoldenArray;
  readonly y: GoldenArray;
  readonly gradients: Readonly<Record<string, GoldenArray>>;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../test/golden/tensor/attention.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly GoldenAttention[] };

const tensorOf = ({ data, shape, dtype }: GoldenArray): tf.Tensor => tf.tensor(data, shape, dtype);

describe.each([false, true])("is torch's scaled_dot_product_attention, compiled: %s", (compiled) => {
  it.each(cases)('$name', async ({ q, k, v, mask, causal, scale, weights, y, gradients }) => {
    const bias = mask?.dtype === 'float32';
    const call = (...[a, b, c, d]: tf.Tensor[]): tf.Tensor =>
      scaledDotProductAttention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, {
        causal,
        ...(d === undefined ? {} : { mask: d }),
        ...(scale === undefined ? {} : { scale }),
      });
    const run = (operands: tf.Tensor[], dy: tf.Tensor): tf.Tensor[] => [
      call(...operands),
      ...(bias
        ? tf.grads(call)(operands, dy)
        : tf.grads((...three: tf.Tensor[]) => call(...three, ...operands.slice(3)))(operands.slice(0, 3), dy)),
    ];
    const operands = [q, k, v, ...(mask === undefined ? [] : [mask])].map(tensorOf);
    const [value, ...slopes] = compiled
      ? await compile(run)(operands, tensorOf(weights))
      : run(operands, tensorOf(weights));
    expect(value!).toBeAllClose(y);
    expect(slopes.length).toBe(Object.keys(gradients).length);
    // In the order of the operands.
    Object.values(gradients).forEach((expected, index) =>
      expect(slopes[index]!).toBeAllClose(expected, { atol: 3e-6 }),
    );
  });
});

type Shape = [number, number, number, number];
const three = (): tf.Tensor4D[] =>
  operands.map(({ shape }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return tf.tensor4d(draw(size), [...shape] as Shape);
  });
const key: TensorKey = tf.keep(tf.tensor1d(keyArray(randomKey(4)).data, 'int32'));

it('drops weights by the key, the same eagerly and compiled', async () => {
  const [q, k, v] = three() as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const f = (...[a, b, c, drawn]: tf.Tensor[]): tf.Tensor =>
    scaledDotProductAttention(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, {
      dropout: { rate: 0.4, key: drawn as TensorKey },
    });
  const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(dim)), k, false, true);
  const expected = tf.matMul(dropout(tf.softmax(scores), 0.4, key), v);
  expect(f(q, k, v, key)).toBeAllClose(expected);
  expect(await compile(f)(q, k, v, key)).toBeAllClose(expected);
  expect(f(q, k, v, key)).not.toBeAllClose(scaledDotProductAttention(q, k, v));
});

it('takes a mask and the triangle together', () => {
  const [q, k, v] = three() as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const allowed = [1, 0, 1, 1].map((first) => [first, 1, 1, 1]);
  const lower = (row: readonly number[], i: number): number[] => row.map((value, j) => (j <= i ? value : 0));
  const mask = (rows: readonly (readonly number[])[]): tf.Tensor =>
    tf.tensor2d(
      rows.map((row) => [...row]),
      [3, 4],
      'bool',
    );
  const rows = allowed.slice(0, queries);
  expect(scaledDotProductAttention(q, k, v, { mask: mask(rows), causal: true })).toBeAllClose(
    scaledDotProductAttention(q, k, v, { mask: mask(rows.map(lower)) }),
  );
});

it.each<[string, Shape, Shape, AttentionOptions, typeof ShapeError | typeof InvalidOptionError]>([
  ['k', [1, 2, 4, 6], [1, 2, 4, 5], {}, ShapeError],
  ['k', [1, 3, 4, 5], [1, 3, 4, 5], {}, ShapeError],
  ['v', [1, 2, 4, 5], [1, 2, 3, 5], {}, ShapeError],
  ['rate', [1, 2, 4, 5], [1, 2, 4, 5], { dropout: { rate: 1, key } }, InvalidOptionError],
])('refuses a wrong %s: %j, %j', (name, k, v, options, type) => {
  const call = (): tf.Tensor => scaledDotProductAttention(tf.zeros([1, 2, 3, 5]), tf.zeros(k), tf.zeros(v), options);
  expect(call).toThrow(type);
  expect(call).toThrow(name);
});

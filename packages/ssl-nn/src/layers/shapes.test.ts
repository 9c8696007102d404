import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import {
  additiveMask,
  Conv2d,
  Gelu,
  Identity,
  LayerNorm,
  Linear,
  mergeHeads,
  MultiHeadAttention,
  Relu,
  Sequential,
  splitHeads,
} from '../index.js';

const key = randomKey(2);

describe('wrong shapes and options are named', () => {
  it.each([
    [
      'Linear',
      () => new Linear(3, 2, { key }).forward(tf.zeros([2, 4])),
      'Linear.forward: x must be [..., 3], got [2, 4]',
    ],
    [
      'Conv2d channels',
      () => new Conv2d(3, 2, { key, kernelSize: 3 }).forward(tf.zeros([1, 4, 4, 2])),
      'Conv2d.forward: x must be [batch, height, width, 3], got [1, 4, 4, 2]',
    ],
    [
      'Conv2d reach',
      () => new Conv2d(1, 1, { key, kernelSize: 5, padding: 1 }).forward(tf.zeros([1, 2, 3, 1])),
      'x must be at least [batch, 3, 3, 1], got [1, 2, 3, 1]',
    ],
    ['LayerNorm', () => new LayerNorm(3).forward(tf.zeros([2, 4])), 'layerNorm: scale must be [4], got [3]'],
    [
      'MultiHeadAttention',
      () => new MultiHeadAttention(4, { key, heads: 2 }).forward(tf.zeros([2, 4]) as never),
      'x must be [batch, tokens, 4], got [2, 4]',
    ],
  ])('%s', (_name, body, message) => {
    expect(body).toThrow(ShapeError);
    expect(body).toThrow(message);
  });

  it.each([
    ['sizes', () => new Linear(0, 2, { key }), 'Linear: inFeatures must be a positive integer, got 0'],
    [
      'groups',
      () => new Conv2d(3, 4, { key, kernelSize: 1, groups: 2 }),
      'groups must be a divisor of inChannels (3) and outChannels (4), got 2',
    ],
    ['padding', () => new Conv2d(3, 4, { key, kernelSize: 1, padding: -1 }), 'padding must be'],
    ['stride', () => new Conv2d(3, 4, { key, kernelSize: 1, stride: 0 }), 'stride must be a positive integer'],
    ['heads', () => new MultiHeadAttention(4, { key, heads: 3 }), 'heads must be a divisor of dim (4), got 3'],
  ])('%s', (_name, body, message) => {
    expect(body).toThrow(InvalidOptionError);
    expect(body).toThrow(message);
  });
});

describe('small parts', () => {
  it('splitHeads and mergeHeads invert each other', () => {
    const x = tf.reshape(tf.range(0, 48), [2, 3, 8]) as tf.Tensor3D;
    expect(splitHeads(x, 2).shape).toEqual([2, 2, 3, 4]);
    expect(mergeHeads(splitHeads(x, 4))).toBeAllClose(x);
  });

  it('additiveMask takes bool, int32 and additive masks of rank 2 to 4', () => {
    const int = tf.tensor2d([[1, 0]], [1, 2], 'int32');
    expect(additiveMask(int)).toBeAllClose([[[[0, -1e9]]]]);
    expect(additiveMask(tf.cast(int, 'bool'))).toBeAllClose([[[[0, -1e9]]]]);
    expect(additiveMask(tf.tensor3d([[[0, -5]]]))).toBeAllClose([[[[0, -5]]]]);
    const full = tf.zeros([2, 1, 3, 3]);
    expect(additiveMask(full)).toBe(full);
  });

  it('attention ignores masked keys and stays finite when all are masked', () => {
    const attention = new MultiHeadAttention(4, { key, heads: 2, fused: false });
    expect([...attention.namedParameters().keys()]).toEqual([
      'query.weight',
      'query.bias',
      'key.weight',
      'key.bias',
      'value.weight',
      'value.bias',
      'proj.weight',
      'proj.bias',
    ]);
    const x = tf.randomNormal([1, 3, 4], 0, 1, 'float32', 3) as tf.Tensor3D;
    const changed = tf.add(
      x,
      tf.tensor3d([
        [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
          [5, -3, 2, 8],
        ],
      ]),
    ) as tf.Tensor3D;
    const mask = tf.tensor2d([[1, 1, 0]], [1, 3], 'int32');
    const first = (y: tf.Tensor3D): tf.Tensor => tf.slice(y, [0, 0, 0], [1, 2, 4]);
    expect(first(attention.forward(changed, undefined, mask))).toBeAllClose(
      first(attention.forward(x, undefined, mask)),
    );
    expect(
      attention
        .forward(x, undefined, tf.zeros([1, 3], 'int32'))
        .dataSync()
        .every(Number.isFinite),
    ).toBe(true);
  });

  it('fused and separate projections with the same weights agree', () => {
    const [fused, separate] = [
      new MultiHeadAttention(4, { key, heads: 2 }),
      new MultiHeadAttention(4, { key, heads: 2, fused: false }),
    ];
    const state = fused.stateDict();
    const part = (name: string, index: number) => {
      const { data, shape } = state.get(name)!;
      const size = data.length / 3;
      return { data: data.slice(index * size, (index + 1) * size), shape: [shape[0]! / 3, ...shape.slice(1)] };
    };
    for (const kind of ['weight', 'bias'])
      ['query', 'key', 'value'].forEach((name, index) => state.set(`${name}.${kind}`, part(`qkv.${kind}`, index)));
    separate.loadStateDict(state, { strict: false });
    const x = tf.randomNormal([2, 3, 4], 0, 1, 'float32', 4) as tf.Tensor3D;
    expect(separate.forward(x)).toBeAllClose(fused.forward(x));
  });

  it('Sequential chains and names by index', () => {
    const linear = new Linear(2, 2, { key, bias: false });
    linear.weight.variable.assign(
      tf.tensor2d([
        [1, -1],
        [0, 1],
      ]),
    );
    const net = new Sequential([linear, new Relu(), new Identity(), new Gelu({ approximate: 'tanh' })]);
    expect([...net.namedParameters().keys()]).toEqual(['0.weight']);
    expect(net.forward(tf.tensor2d([[2, 1]]))).toBeAllClose([[1.9545977, 0]]);
  });
});

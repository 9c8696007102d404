import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile, keyArray } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import {
  DropPath,
  Dropout,
  Sequential,
  TransformerBlock,
  evaluation,
  training,
  type ForwardContext,
} from '../index.js';

const key = randomKey(2);
const withKey = (seed: number): ForwardContext => ({
  ...training,
  key: tf.tensor1d(keyArray(randomKey(seed)).data, 'int32'),
});

describe('layers that draw', () => {
  it('pass their input through in evaluation, and at rate 0 without a key', () => {
    const x = tf.ones([3, 4]);
    for (const layer of [new Dropout(0.5), new DropPath(0.5)]) expect(layer.forward(x, evaluation)).toBe(x);
    for (const layer of [new Dropout(0), new DropPath(0)]) expect(layer.forward(x, training)).toBe(x);
  });

  it('want a key while training, and a sane rate', () => {
    expect(() => new Dropout(0.5).forward(tf.ones([2]), training)).toThrow(
      'Dropout.forward: ctx.key must be a random key',
    );
    expect(() => new DropPath(1)).toThrow(InvalidOptionError);
    expect(() => new Dropout(-0.1)).toThrow(InvalidOptionError);
  });

  it('Dropout zeroes its share of elements and keeps the mean', () => {
    const y = new Dropout(0.3).forward(tf.ones([100, 200]), withKey(1)).dataSync();
    const zeros = y.filter((value) => value === 0).length;
    expect(zeros / 20_000).toBeCloseTo(0.3, 1);
    expect(tf.mean(tf.tensor1d(y))).toBeAllClose(1, { rtol: 0.05 });
    expect(y.every((value) => value === 0 || Math.abs(value - 1 / 0.7) < 1e-6)).toBe(true);
  });

  it('DropPath drops whole samples', () => {
    const y = new DropPath(0.5).forward(tf.ones([400, 3]), withKey(1)).arraySync() as number[][];
    expect(y.every(([a, b, c]) => a === b && b === c && (a === 0 || a === 2))).toBe(true);
    expect(y.filter(([a]) => a === 0).length / 400).toBeCloseTo(0.5, 1);
  });

  it('two dropouts of one net draw different masks; the same key gives the same masks', () => {
    const net = new Sequential([new Dropout(0.5), new Dropout(0.5)]);
    const y = net.forward(tf.ones([4000]), withKey(4)).dataSync();
    // Equal masks would keep a half instead of a quarter.
    expect(y.filter((value) => value !== 0).length / 4000).toBeCloseTo(0.25, 1);
    expect(net.forward(tf.ones([4000]), withKey(4))).toBeAllClose(y);
    expect(net.forward(tf.ones([4000]), withKey(5)).dataSync()).not.toEqual(y);
  });

  it.each([
    {},
    { mlp: 'swiglu', layerScale: 0.5, norm: 'rms' },
    { mlp: 'swiglu-packed', normPlacement: 'post', causal: true },
  ] as const)('a block draws the same compiled as eagerly, options %j', async (options) => {
    const block = new TransformerBlock(4, { key, heads: 2, dropout: 0.2, dropPath: 0.3, ...options });
    const x = tf.randomNormal([3, 2, 4], 0, 1, 'float32', 7) as tf.Tensor3D;
    const run = (input: tf.Tensor3D, words: tf.Tensor1D): tf.Tensor =>
      block.forward(input, { training: true, key: words });
    const words = tf.tensor1d(keyArray(randomKey(9)).data, 'int32');
    expect(await compile(run)(x, words)).toBeAllClose(run(x, words), { rtol: 1e-5, atol: 1e-5 });
    expect(run(x, words).dataSync()).not.toEqual(block.forward(x).dataSync());
    block.dispose();
  });
});

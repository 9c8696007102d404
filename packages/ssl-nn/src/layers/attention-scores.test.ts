import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { MultiHeadAttention, RotaryPositions, TransformerBlock, type AttentionPositions } from '../index.js';

const key = randomKey(8);
const [batch, tokens, dim, heads] = [2, 4, 8, 2];
const x = tf.randomNormal([batch, tokens, dim], 0, 1, 'float32', 1) as tf.Tensor3D;
const attention = new MultiHeadAttention(dim, { key, heads });
const run = (mask?: tf.Tensor, positions?: AttentionPositions, of = attention): tf.Tensor3D =>
  of.forward(x, undefined, mask, undefined, positions);
const both = async (f: () => tf.Tensor): Promise<[tf.Tensor, tf.Tensor]> => [f(), await compile(f)()];
const sample = (y: tf.Tensor, index: number): tf.Tensor => tf.slice(y, [index, 0, 0], [1, -1, -1]);
const padding = tf.tensor2d([1, 1, 0, 0, 0, 0, 0, 0], [batch, tokens], 'bool');

describe('masks', () => {
  it('a padded sequence is the short one, whatever is in the padding and however the mask is written', async () => {
    const short = attention.forward(tf.slice(sample(x, 0) as tf.Tensor3D, [0, 0, 0], [1, 2, dim]));
    const additive = tf.mul(tf.sub(1, tf.cast(padding, 'float32')), -Infinity);
    const infinite = tf.where(padding, tf.zerosLike(additive), tf.fill([batch, tokens], -Infinity));
    const per = tf.tile(tf.reshape(padding, [batch, 1, tokens]), [1, tokens, 1]);
    for (const mask of [padding, tf.cast(padding, 'int32'), infinite, per, tf.reshape(padding, [batch, 1, 1, tokens])])
      for (const y of await both(() => run(mask)))
        expect(tf.slice(y, [0, 0, 0], [1, 2, dim])).toBeAllClose(short, { rtol: 1e-5, atol: 1e-6 });
  });

  it('a sequence of padding alone attends nothing, and has no NaN in values or gradients', async () => {
    const nothing = tf.broadcastTo(attention.proj.bias!.variable, [1, tokens, dim]);
    const gradient = (mask: tf.Tensor) => (): tf.Tensor =>
      tf.grad((input) => tf.sum(tf.square(attention.forward(input as tf.Tensor3D, undefined, mask))))(x);
    for (const mask of [padding, tf.cast(padding, 'int32')]) {
      for (const y of await both(() => run(mask))) expect(sample(y, 1)).toBeAllClose(nothing);
      for (const dx of await both(gradient(mask))) expect(sample(dx, 1)).toBeAllClose(tf.zeros([1, tokens, dim]));
    }
    const infinite = tf.fill([batch, tokens], -Infinity);
    for (const y of [...(await both(() => run(infinite))), ...(await both(gradient(infinite)))])
      expect(y.dataSync().every(Number.isFinite)).toBe(true);
    for (const y of await both(() => run(undefined, { bias: tf.fill([heads, tokens, tokens], -Infinity) })))
      expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('a causal block does not see what follows, and with padding at the front has no NaN', async () => {
    const block = new TransformerBlock(dim, { key, heads, causal: true, layerScale: 1 });
    const changed = tf.concat([tf.slice(x, [0, 0, 0], [batch, 2, dim]), tf.ones([batch, 2, dim])], 1) as tf.Tensor3D;
    const first = (input: tf.Tensor3D): tf.Tensor => tf.slice(block.forward(input), [0, 0, 0], [batch, 2, dim]);
    expect(first(changed)).toBeAllClose(first(x));
    expect(block.forward(changed).dataSync()).not.toEqual(block.forward(x).dataSync());
    const front = tf.tensor2d([0, 0, 1, 1, 1, 1, 1, 1], [batch, tokens], 'int32');
    for (const y of await both(() => block.forward(x, undefined, front)))
      expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });
});

describe('biases and rotary tables', () => {
  const bias = tf.randomNormal([heads, tokens, tokens], 0, 1, 'float32', 2);
  const rotary = new RotaryPositions(dim / heads, { base: 100 }).line(tokens, 1);

  it('a bias of every sample is the bias of each; a gradient reaches it', async () => {
    const tiled = tf.tile(tf.reshape(bias, [1, heads, tokens, tokens]), [batch, 1, 1, 1]);
    expect(run(undefined, { bias: tiled })).toBeAllClose(run(undefined, { bias }));
    const value = (given: tf.Tensor): tf.Scalar => tf.sum(tf.square(run(undefined, { bias: given })));
    const [dBias, compiled] = await both(() => tf.grad(value)(bias));
    expect(compiled).toBeAllClose(dBias, { rtol: 1e-4, atol: 1e-5 });
    const step = 1e-2;
    for (const place of [0, 7, 21]) {
      const moved = (by: number): number =>
        value(tf.add(bias, tf.reshape(tf.mul(tf.oneHot(place, bias.size), by), bias.shape))).dataSync()[0]!;
      expect(dBias.dataSync()[place]!).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 2);
    }
  });

  it('a bool mask stands besides a bias', async () => {
    const masked = tf.where(tf.reshape(padding, [batch, 1, 1, tokens]), bias, tf.fill([1, 1, 1, 1], -1e9));
    for (const y of await both(() => run(padding, { bias })))
      expect(sample(y, 0)).toBeAllClose(sample(run(undefined, { bias: masked }), 0), { rtol: 1e-5, atol: 1e-6 });
  });

  it('the first tokens alone are what they are among all, with every option', async () => {
    const block = new TransformerBlock(dim, {
      key,
      heads,
      causal: true,
      qkNorm: 'rms',
      norm: 'rms',
      mlp: 'swiglu-packed',
      normPlacement: 'post',
      layerScale: 0.5,
      relativePositions: { grid: [2, 2] },
    });
    const all = block.forward(x, undefined, padding, undefined, { bias, rotary });
    const mask = tf.tile(tf.reshape(padding, [batch, 1, tokens]), [1, tokens, 1]);
    for (const given of [padding, mask])
      for (const y of await both(() => block.forward(x, undefined, given, 2, { bias, rotary })))
        expect(y).toBeAllClose(tf.slice(all, [0, 0, 0], [batch, 2, dim]), { rtol: 1e-5, atol: 1e-5 });
  });

  it('scores depend on the distance alone', () => {
    const rope = new RotaryPositions(4);
    const constant = tf.tile(tf.tensor3d([[[0.3, -1, 2, 0.7, 1.1, 0.4, -0.2, 0.9]]]), [1, 6, 1]) as tf.Tensor3D;
    const shifted = tf.slice(rope.line(9).cos, [3, 0], [6, 4]);
    const later = { ...rope.line(6), cos: shifted, sin: tf.slice(rope.line(9).sin, [3, 0], [6, 4]) };
    expect(attention.forward(constant, undefined, undefined, undefined, { rotary: later })).toBeAllClose(
      attention.forward(constant, undefined, undefined, undefined, { rotary: rope.line(6) }),
    );
  });

  it('tokens of the prefix stand still', () => {
    const { cos, sin } = new RotaryPositions(4, { coordinates: 'centred' }).grid([2, 2], 2);
    expect(tf.slice(cos, [0, 0], [2, 4])).toBeAllClose(tf.ones([2, 4]));
    expect(tf.slice(sin, [0, 0], [2, 4])).toBeAllClose(tf.zeros([2, 4]));
  });
});

describe('what does not fit', () => {
  const mistakes: [name: string, f: () => unknown, error: abstract new (...args: never[]) => Error, words: string][] = [
    ['mask', () => run(tf.ones([batch, 3], 'bool')), ShapeError, '[2, 2, 4, 4]'],
    ['rank', () => run(tf.ones([tokens], 'bool')), ShapeError, '[batch, keys]'],
    ['bool bias', () => run(undefined, { bias: tf.ones([heads, tokens, tokens], 'bool') }), ShapeError, "'mask'"],
    ['bias', () => run(undefined, { bias: tf.ones([3, tokens, tokens]) }), ShapeError, '[2, 2, 4, 4]'],
    ['rank of bias', () => run(undefined, { bias: tf.ones([tokens, tokens]) }), ShapeError, '[heads, queries, keys]'],
    ['misspelt', () => run(undefined, { biass: tf.ones([1]) } as never), InvalidOptionError, 'bias'],
    [
      'no tables',
      () => run(undefined, { rotary: new RotaryPositions(4) as never }),
      InvalidOptionError,
      '.line(tokens)',
    ],
    ['null', () => run(undefined, { rotary: null as never }), InvalidOptionError, 'tables'],
    ['tables', () => run(undefined, { rotary: new RotaryPositions(4).line(3) }), ShapeError, 'tables [4, 4]'],
    [
      'window',
      () => run(undefined, {}, new MultiHeadAttention(8, { key, heads, relativePositions: { grid: [2, 3] } })),
      ShapeError,
      '[batch, 6, 8]',
    ],
    [
      'grid',
      () => new MultiHeadAttention(8, { key, heads, relativePositions: { grid: 4 as never } }),
      InvalidOptionError,
      'grid',
    ],
    ['mlp', () => new TransformerBlock(8, { key, heads, mlp: 'glu' as never }), InvalidOptionError, "'swiglu'"],
    ['norm', () => new TransformerBlock(8, { key, heads, norm: 'batch' as never }), InvalidOptionError, "'rms'"],
    ['place', () => new TransformerBlock(8, { key, heads, normPlacement: 'x' as never }), InvalidOptionError, "'post'"],
    ['qk norm', () => new TransformerBlock(8, { key, heads, qkNorm: 'x' as never }), InvalidOptionError, 'qkNorm'],
    ['scale', () => new TransformerBlock(8, { key, heads, layerScale: NaN }), InvalidOptionError, 'finite'],
    ['odd', () => new RotaryPositions(5), InvalidOptionError, 'even'],
    ['not by 4', () => new RotaryPositions(6).grid([2, 2]), InvalidOptionError, 'multiple of 4'],
    ['prefix', () => new RotaryPositions(4).line(3, 4), InvalidOptionError, 'prefix'],
    ['centred line', () => new RotaryPositions(4, { coordinates: 'centred' }).line(3), InvalidOptionError, "'index'"],
    ['size', () => new RotaryPositions(4).grid(3 as never), InvalidOptionError, '[rows, columns]'],
  ];
  it.each(mistakes)('%s', (_, f, error, words) => {
    expect(f).toThrow(error);
    expect(f).toThrow(words);
  });
});

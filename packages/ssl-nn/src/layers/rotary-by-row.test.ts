import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { LayerNorm } from './layer-norm.js';
import { RotaryPositions } from './rotary-positions.js';
import { rotateTokens } from './rotate-tokens.js';

it.each(['halves', 'neighbours'] as const)('positions by row turn as those of a line, %s', (pairs) => {
  const rope = new RotaryPositions(6, { base: 50, pairs });
  const positions = [0, 1, 2, 0, 1, 4, 3, 2, 1, 0];
  const x = tf.randomNormal([2, 3, 5, 6], 0, 1, 'float32', 4) as tf.Tensor4D;
  const byRow = rotateTokens(x, rope.at(tf.tensor2d(positions, [2, 5], 'int32')));
  const line = rope.line(5);
  positions.forEach((position, at) => {
    const [row, token] = [Math.floor(at / 5), at % 5];
    const one = tf.slice(x, [row, 0, token, 0], [1, 3, 1, 6]);
    const table = (all: tf.Tensor): tf.Tensor2D => tf.slice(all, [position, 0], [1, 6]) as tf.Tensor2D;
    const expected = rotateTokens(one, { ...line, cos: table(line.cos), sin: table(line.sin) });
    expect(tf.slice(byRow, [row, 0, token, 0], [1, 3, 1, 6])).toBeAllClose(expected);
  });
  expect(() => rotateTokens(tf.zeros([3, 1, 5, 6]), rope.at(tf.zeros([2, 5], 'int32')))).toThrow(ShapeError);
  expect(() => rope.at(tf.zeros([5], 'int32'))).toThrow(/\[batch, tokens\]/);
  expect(() => new RotaryPositions(4, { coordinates: 'centred' }).at(tf.zeros([1, 2], 'int32'))).toThrow(
    InvalidOptionError,
  );
});

it('a layer norm without bias is one whose bias is 0, without the parameter', () => {
  const x = tf.tensor2d([1, 2, 4, -1, 0, 3], [2, 3]);
  const norm = new LayerNorm(3, { bias: false });
  expect([...norm.namedParameters().keys()]).toEqual(['weight']);
  expect(norm.forward(x)).toBeAllClose(new LayerNorm(3).forward(x));
});

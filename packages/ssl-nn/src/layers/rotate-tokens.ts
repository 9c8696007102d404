import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/** What `RotaryPositions` makes: how far each feature of each token turns. */
export interface RotaryTables {
  /** `[tokens, dim]` */
  readonly cos: tf.Tensor2D;
  /** `[tokens, dim]`, negative at the first feature of each pair. */
  readonly sin: tf.Tensor2D;
  readonly pairs: 'halves' | 'neighbours';
}

/** Each feature at its partner's place. */
function swapped(x: tf.Tensor4D, pairs: RotaryTables['pairs']): tf.Tensor4D {
  if (pairs === 'neighbours') return tf.reshape(tf.reverse(tf.reshape(x, [-1, 2]), 1), x.shape);
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor4D, tf.Tensor4D];
  return tf.concat([second, first], -1);
}

/**
 * Queries or keys turned by their positions: `x * cos + swapped(x) * sin`.
 *
 * @param x `[batch, heads, tokens, dim]`: the first of the tables' tokens
 * @param all tokens that the tables have to be made for
 * @returns same shape
 * @throws InvalidOptionError for what is no tables; ShapeError when the tables are of other tokens or of another width
 */
export function rotateTokens(x: tf.Tensor4D, rotary: RotaryTables, all: number): tf.Tensor4D {
  const where = 'MultiHeadAttention.forward';
  const { cos, sin, pairs } = (rotary ?? {}) as Partial<RotaryTables>;
  if (cos === undefined || sin === undefined || pairs === undefined) {
    const advice = 'Write { rotary: new RotaryPositions(dim / heads).line(tokens) }, or .grid([rows, columns], prefix)';
    throw new InvalidOptionError(where, 'positions.rotary', 'the tables of RotaryPositions', rotary, advice);
  }
  checkIsTensor(where, 'rotary.cos', cos);
  checkIsTensor(where, 'rotary.sin', sin);
  const [, , tokens, dim] = x.shape;
  if (cos.shape[0] !== all || cos.shape[1] !== dim)
    throw new ShapeError(where, 'rotary', `tables [${all}, ${dim}]`, `[${cos.shape.join(', ')}]`);
  const rows = (table: tf.Tensor2D): tf.Tensor2D => (tokens === all ? table : tf.slice(table, [0, 0], [tokens, dim]));
  return tf.add(tf.mul(x, rows(cos)), tf.mul(swapped(x, pairs), rows(sin)));
}

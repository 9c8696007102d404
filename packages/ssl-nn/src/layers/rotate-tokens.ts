import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/** What `RotaryPositions` makes: how far each feature of each token turns. */
export interface RotaryTables {
  /** `[tokens, dim]`, or `[batch, tokens, dim]` where positions differ by row. */
  readonly cos: tf.Tensor2D | tf.Tensor3D;
  /** Of the shape of `cos`, negative at the first feature of each pair. */
  readonly sin: tf.Tensor2D | tf.Tensor3D;
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
 * @param all tokens that the tables have to be made for. Default: those of `x`
 * @param where the caller, for messages
 * @returns same shape
 * @throws InvalidOptionError for what is no tables; ShapeError when the tables are of other tokens, of another width or of
 *   another batch
 */
export function rotateTokens(
  x: tf.Tensor4D,
  rotary: RotaryTables,
  all = x.shape[2],
  where = 'rotateTokens',
): tf.Tensor4D {
  const { cos, sin, pairs } = (rotary ?? {}) as Partial<RotaryTables>;
  if (cos === undefined || sin === undefined || pairs === undefined) {
    const advice = 'Write { rotary: new RotaryPositions(dim / heads).line(tokens) }, or .grid([rows, columns], prefix)';
    throw new InvalidOptionError(where, 'positions.rotary', 'the tables of RotaryPositions', rotary, advice);
  }
  checkIsTensor(where, 'rotary.cos', cos);
  checkIsTensor(where, 'rotary.sin', sin);
  const [batch, , tokens, dim] = x.shape;
  const [ofRow, ofToken] = [[all, dim].join(), [batch, all, dim].join()];
  for (const table of [cos, sin] as tf.Tensor[]) {
    if (table.shape.join() === ofRow || table.shape.join() === ofToken) continue;
    const expected = `tables [${all}, ${dim}] or [${batch}, ${all}, ${dim}]`;
    throw new ShapeError(where, 'rotary', expected, `[${table.shape.join(', ')}]`);
  }
  const rows = (table: tf.Tensor): tf.Tensor => {
    const each = table.rank === 3 ? tf.reshape(table, [batch, 1, all, dim]) : tf.reshape(table, [1, 1, all, dim]);
    return tokens === all ? each : tf.slice(each, [0, 0, 0, 0], [each.shape[0]!, 1, tokens, dim]);
  };
  return tf.add(tf.mul(x, rows(cos)), tf.mul(swapped(x, pairs), rows(sin)));
}

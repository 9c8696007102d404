import * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, checkOptions, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import { additiveMask } from './attention-heads.js';
import type { RotaryTables } from './rotate-tokens.js';

/** What attention is told of positions at a call. */
export interface AttentionPositions {
  /**
   * float32 `[heads, queries, keys]` or `[batch, heads, queries, keys]`, added to the scores; T5's relative positions are
   * such a bias. A size may be 1. Has a gradient. Values below -1e9 count as -1e9.
   */
  readonly bias?: tf.Tensor;
  /** Turns queries and keys; of `RotaryPositions`, made for all tokens. */
  readonly rotary?: RotaryTables;
}

const attentionPositionsNames: OptionNames<AttentionPositions> = { bias: 'optional', rotary: 'optional' };

/** @throws as checkOptions */
export function checkPositions(where: string, positions: AttentionPositions): AttentionPositions {
  return checkOptions(where, positions, attentionPositionsNames, 'positions');
}

/** Sizes of the scores, `[batch, heads, queries, keys]`. */
type Scores = readonly [batch: number, heads: number, queries: number, keys: number];

/** The first queries of what was made for every token; else as it is. */
function ofQueries(where: string, name: string, x: tf.Tensor4D, scores: Scores, given: tf.Tensor): tf.Tensor4D {
  const [, , queries, keys] = scores;
  const [batch, heads, rows, columns] = x.shape;
  const cut = rows === keys && queries < keys ? tf.slice(x, [0, 0, 0, 0], [batch, heads, queries, columns]) : x;
  if (cut.shape.every((size, axis) => size === 1 || size === scores[axis])) return cut;
  throw new ShapeError(
    where,
    name,
    `what broadcasts to [batch, heads, queries, keys] = [${scores.join(', ')}]`,
    `[${given.shape.join(', ')}]`,
  );
}

/** Softmax over -Infinity alone is NaN; -1e9 masks as well and stays finite. */
const finite = (x: tf.Tensor4D): tf.Tensor4D => tf.maximum(x, -1e9);

/**
 * A mask as `scaledDotProductAttention` takes it.
 *
 * @param mask bool or int32, 1 where a key may be attended to: `[batch, keys]`, `[batch, queries, keys]` or rank 4, which
 *   becomes bool; or float32, added to the scores. A size may be 1.
 * @returns bool or float32, rank 4
 * @throws ShapeError when it does not broadcast to the scores
 */
export function attentionMask(where: string, mask: tf.Tensor, scores: Scores): tf.Tensor4D {
  checkIsTensor(where, 'mask', mask);
  if (mask.rank < 2 || mask.rank > 4)
    throw new ShapeError(
      where,
      'mask',
      '[batch, keys], [batch, queries, keys] or rank 4',
      `[${mask.shape.join(', ')}]`,
    );
  if (mask.dtype === 'float32') return finite(ofQueries(where, 'mask', additiveMask(mask), scores, mask));
  const [batch, ...rest] = mask.shape;
  const shape = mask.rank === 4 ? mask.shape : rest.length === 1 ? [batch!, 1, 1, ...rest] : [batch!, 1, ...rest];
  const allowed = mask.dtype === 'bool' ? mask : tf.notEqual(mask, tf.scalar(0, 'int32'));
  return ofQueries(where, 'mask', tf.reshape(allowed, shape as [number, number, number, number]), scores, mask);
}

/**
 * @param bias float32 `[heads, queries, keys]` or `[batch, heads, queries, keys]`
 * @returns rank 4
 * @throws ShapeError when it does not broadcast to the scores
 */
export function attentionBias(where: string, bias: tf.Tensor, scores: Scores): tf.Tensor4D {
  checkIsTensor(where, 'bias', bias);
  if (bias.dtype !== 'float32')
    throw new ShapeError(where, 'bias', "float32; which keys may be attended to is the argument 'mask'", bias.dtype);
  if (bias.rank !== 3 && bias.rank !== 4)
    throw new ShapeError(where, 'bias', '[heads, queries, keys] or rank 4', `[${bias.shape.join(', ')}]`);
  const shape = (bias.rank === 4 ? bias.shape : [1, ...bias.shape]) as [number, number, number, number];
  return finite(ofQueries(where, 'bias', tf.reshape(bias, shape), scores, bias));
}

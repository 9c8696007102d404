import * as tf from '@tensorflow/tfjs-core';
import { type ForwardContext, childContext, type Linear } from '@selfsup/ssl-nn';
import { takeRows } from '@selfsup/ssl-tensor';
import { bertDropout } from '../bert/bert-dropout.js';
import type { ProjectedPositions } from './disentangled-attention.js';
import type { RelativeStates } from './deberta-pass.js';

/** What projects relative positions: a missing one has no scores. */
export interface PositionProjections {
  /** For c2p. */
  readonly keys: Linear | undefined;
  /** For p2c. */
  readonly queries: Linear | undefined;
}

/**
 * Relative positions as attention takes them. Rows are dropped and projected before they are spread over the offsets, so
 * that offsets of one row stay alike and each row is projected once.
 *
 * @param dropout rate
 */
export function projectPositions(
  relative: RelativeStates,
  projections: PositionProjections,
  heads: number,
  dropout: number,
  ctx: ForwardContext,
): ProjectedPositions {
  const rows = bertDropout(relative.rows, dropout, childContext(ctx, 'positions'));
  const spread = (layer: Linear, places: tf.Tensor1D): tf.Tensor3D => {
    const projected = takeRows(layer.forward(rows), places) as tf.Tensor2D;
    const [columns, width] = projected.shape;
    return tf.transpose(tf.reshape(projected, [columns, heads, width / heads]) as tf.Tensor3D, [1, 0, 2]);
  };
  return {
    ...(projections.keys === undefined ? {} : { keys: spread(projections.keys, relative.descending) }),
    ...(projections.queries === undefined ? {} : { queries: spread(projections.queries, relative.ascending) }),
  };
}

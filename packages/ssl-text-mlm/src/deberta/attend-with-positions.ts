import * as tf from '@tensorflow/tfjs-core';
import { childContext, drawKey, type ForwardContext } from '@selfsup/ssl-nn';
import type { DebertaConfig } from './deberta-config.js';
import type { DebertaPass } from './deberta-pass.js';
import { type AttentionStates, disentangledAttention } from './disentangled-attention.js';
import { type PositionProjections, projectPositions } from './project-positions.js';

/**
 * Disentangled attention of a layer, after its own projections.
 *
 * @returns `[batch * tokens, hidden]`
 */
export function attendWithPositions(
  states: AttentionStates,
  projections: PositionProjections,
  config: DebertaConfig,
  { batch, tokens, mask, relative }: DebertaPass,
  ctx: ForwardContext,
): tf.Tensor2D {
  const { numAttentionHeads: heads, hiddenSize, attentionDropout: rate, hiddenDropout, posAttType } = config;
  const positions = relative === undefined ? {} : projectPositions(relative, projections, heads, hiddenDropout, ctx);
  const scale = 1 / Math.sqrt((hiddenSize / heads) * (1 + posAttType.length));
  const draws = ctx.training && rate > 0;
  const mixed = disentangledAttention(states, positions, scale, {
    ...(mask === undefined ? {} : { mask }),
    ...(draws ? { dropout: { rate, key: drawKey(childContext(ctx, 'attention'), 'DeBERTa attention dropout') } } : {}),
  });
  return tf.reshape(tf.transpose(mixed, [1, 2, 0, 3]), [batch * tokens, hiddenSize]) as tf.Tensor2D;
}

/** `[batch * tokens, hidden]` to `[heads, batch, tokens, dim]`. */
export function headsFirst(x: tf.Tensor, heads: number, { batch, tokens }: DebertaPass): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, -1]), [2, 0, 1, 3]) as tf.Tensor4D;
}

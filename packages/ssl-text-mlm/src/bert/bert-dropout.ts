import type * as tf from '@tensorflow/tfjs-core';
import { drawKey, type ForwardContext } from '@selfsup/ssl-nn';
import { dropout } from '@selfsup/ssl-tensor';

/** Dropout while training; nothing is drawn, and no key is needed, at rate 0. */
export function bertDropout<T extends tf.Tensor>(x: T, rate: number, ctx: ForwardContext): T {
  return ctx.training && rate > 0 ? dropout(x, rate, drawKey(ctx, 'BERT dropout')) : x;
}

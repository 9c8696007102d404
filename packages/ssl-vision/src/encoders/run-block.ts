import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { checkpoint } from '@selfsup/ssl-tensor';

interface Block<T extends tf.Tensor> {
  forward(x: T, ctx: ForwardContext): T;
}

/** One block of an encoder; `again`: while training, its gradient computes it a second time in place of keeping what is in it. */
export function runBlock<T extends tf.Tensor>(block: Block<T>, x: T, ctx: ForwardContext, again: boolean): T {
  return again && ctx.training ? checkpoint((input: T) => block.forward(input, ctx), x) : block.forward(x, ctx);
}

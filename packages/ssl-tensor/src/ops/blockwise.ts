import * as tf from '@tensorflow/tfjs-core';
import { activeTrace } from '../compile/active-trace.js';
import { blockwise as lowerBlockwise, channelSums as lowerChannelSums } from '../graph/blockwise.js';

/**
 * A chain of elementwise ops, which inside compile() runs block by block where its operands are too large for the
 * processor's cache: what passes between the ops then stays there, instead of a pass over memory for each op.
 *
 * Not differentiable by itself: use it in an optimiser, or within `tf.customGrad`.
 *
 * @param operands of one shape; scalars; or vectors along that shape's last axis
 * @param chain elementwise, without regard to the shape, which differs within; uses no other tensors but constants
 * @returns the chain's results, of the operands' shape
 * @throws UnsupportedOpError when the chain uses a tensor of the compiled function that is not among the operands
 */
export function blockwise<const T extends readonly tf.Tensor[]>(
  operands: readonly tf.Tensor[],
  chain: (...operands: tf.Tensor[]) => T,
): T {
  const trace = activeTrace();
  if (trace === undefined) return chain(...operands);
  return trace.inBlocks(lowerBlockwise, operands, (parts) => chain(...parts)) as unknown as T;
}

/**
 * As {@link blockwise}, each result summed over all axes but the last, without being written out in full.
 *
 * @returns the sums, `[channels]` each
 */
export function channelSums<const T extends readonly tf.Tensor[]>(
  operands: readonly tf.Tensor[],
  chain: (...operands: tf.Tensor[]) => T,
): { [K in keyof T]: tf.Tensor1D } {
  type Sums = { [K in keyof T]: tf.Tensor1D };
  const trace = activeTrace();
  if (trace !== undefined)
    return trace.inBlocks(lowerChannelSums, operands, (parts) => chain(...parts)) as unknown as Sums;
  const sum = (tensor: tf.Tensor): tf.Tensor => tf.sum(tf.reshape(tensor, [-1, tensor.shape.at(-1)!]), 0);
  return chain(...operands).map(sum) as unknown as Sums;
}

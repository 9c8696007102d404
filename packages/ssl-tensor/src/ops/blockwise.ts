import * as tf from '@tensorflow/tfjs-core';
import { activeTrace } from '../compile/active-trace.js';
import {
  blockwise as lowerBlockwise,
  channelSums as lowerChannelSums,
  rowwise as lowerRowwise,
} from '../graph/blockwise.js';

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
  return chain(...operands).map(sumOfRows) as unknown as Sums;
}

const sumOfRows = (tensor: tf.Tensor): tf.Tensor => tf.sum(tf.reshape(tensor, [-1, tensor.shape.at(-1)!]), 0);

/**
 * As {@link blockwise}, for chains that also reduce along the last axis, such as those of a normalisation or a softmax.
 *
 * @param operands `[..., channels]` of one shape; numbers of their rows `[..., 1]`; vectors `[channels]`; scalars
 * @param kept how many of the chain's results are given as they are, `[..., channels]` or `[..., 1]`; the others, of the
 *   operands' shape, are summed over all axes but the last: `[channels]`
 * @param chain elementwise, or along the last axis with that axis kept; uses no other tensors but constants
 */
export function rowwise(
  operands: readonly tf.Tensor[],
  kept: number,
  chain: (...operands: tf.Tensor[]) => readonly tf.Tensor[],
): readonly tf.Tensor[] {
  const trace = activeTrace();
  if (trace === undefined)
    return chain(...operands).map((tensor, index) => (index < kept ? tensor : sumOfRows(tensor)));
  return trace.inBlocks(
    (builder, values, body) => lowerRowwise(builder, values, body, kept),
    operands,
    (parts) => chain(...parts),
  );
}

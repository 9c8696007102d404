import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from './check.js';

/** Element types of a mask. */
const maskTypes = ['float32', 'int32', 'bool'] as const;

/**
 * A mask of 0 and 1 as float32.
 *
 * @throws ShapeError when the mask has another shape than `expected`, or another element type
 */
export function checkMask<T extends tf.Tensor>(
  where: string,
  parameter: string,
  mask: T,
  expected: readonly (number | string)[],
): T {
  checkTensor(where, parameter, mask, expected, maskTypes);
  return tf.cast(mask, 'float32');
}

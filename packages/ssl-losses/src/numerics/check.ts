import type * as tf from '@tensorflow/tfjs-core';
import { checkIsTensor, ShapeError } from '@selfsup/ssl-tensor/host';

const text = (tensor: tf.Tensor): string => `${tensor.dtype} [${tensor.shape.join(', ')}]`;

/**
 * Checks rank, sizes and element type.
 *
 * @param expected sizes by axis; a string names an axis of any size
 * @throws ShapeError naming the parameter, what was expected and what was given
 */
export function checkShape(
  where: string,
  parameter: string,
  tensor: tf.Tensor,
  expected: readonly (number | string)[],
  dtypes: readonly string[] = ['float32'],
): void {
  const wanted = `${dtypes.join(' or ')} [${expected.join(', ')}]`;
  checkIsTensor(where, parameter, tensor, wanted);
  const fits =
    tensor.rank === expected.length &&
    expected.every((size, axis) => typeof size === 'string' || size === tensor.shape[axis]);
  if (fits && dtypes.includes(tensor.dtype)) return;
  const isOneHot = /labels$/i.test(parameter) && expected.length === 1 && tensor.rank === 2;
  const advice = isOneHot ? `, such as tf.argMax(${parameter}, 1) of one-hot labels` : '';
  throw new ShapeError(where, parameter, `${wanted}${advice}`, text(tensor));
}

/**
 * As {@link checkShape}, and that there is a row: a loss of none would be 0 or NaN.
 *
 * @throws ShapeError naming the parameter, what was expected and what was given
 */
export function checkTensor(
  where: string,
  parameter: string,
  tensor: tf.Tensor,
  expected: readonly (number | string)[],
  dtypes: readonly string[] = ['float32'],
): void {
  checkShape(where, parameter, tensor, expected, dtypes);
  if (tensor.shape[0] === 0) throw new ShapeError(where, parameter, 'one row or more', text(tensor));
}

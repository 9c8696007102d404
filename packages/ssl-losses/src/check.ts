import type * as tf from '@tensorflow/tfjs-core';
import { describeValue, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

const text = (tensor: tf.Tensor): string => `${tensor.dtype} [${tensor.shape.join(', ')}]`;

/**
 * @param expected its element type and shape, where they are known
 * @throws ShapeError for a host array, a list or nothing in the place of a tensor; InvalidOptionError for a disposed one
 */
export function checkIsTensor(where: string, parameter: string, value: unknown, expected = ''): void {
  const { dtype, shape, isDisposed } = (value ?? {}) as Partial<tf.Tensor>;
  if (typeof dtype !== 'string' || !Array.isArray(shape)) {
    const wanted = `a tensor${expected === '' ? '' : `, ${expected}`}, such as tf.tensor(values, shape, dtype)`;
    throw new ShapeError(where, parameter, wanted, describeValue(value));
  }
  if (isDisposed !== true) return;
  const advice = 'Call it inside the tf.tidy that the tensor is made in, or return the tensor from there';
  throw new InvalidOptionError(where, parameter, 'a live tensor', 'a disposed one', advice);
}

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

/** @throws InvalidOptionError unless positive and finite */
export function checkTemperature(where: string, temperature: number): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new InvalidOptionError(where, 'temperature', 'positive and finite', temperature);
}

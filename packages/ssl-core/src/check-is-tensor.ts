import { describeValue } from './errors/describe-value.js';
import { InvalidOptionError } from './errors/invalid-option-error.js';
import { ShapeError } from './errors/shape-error.js';

/**
 * Checks that an input is a tensor at all, before its shape is read. Nothing of TensorFlow.js is needed for that.
 *
 * @param expected its element type and shape, where they are known
 * @throws ShapeError for a host array, a list, texts or nothing in the place of a tensor; InvalidOptionError for a disposed one
 */
export function checkIsTensor(where: string, parameter: string, value: unknown, expected = ''): void {
  const tensor = (value ?? {}) as { readonly dtype?: unknown; readonly shape?: unknown; readonly isDisposed?: unknown };
  if (typeof tensor.dtype !== 'string' || !Array.isArray(tensor.shape)) {
    const wanted = `a tensor${expected === '' ? '' : `, ${expected}`}, such as tf.tensor(values, shape, dtype)`;
    throw new ShapeError(where, parameter, wanted, describeValue(value));
  }
  if (tensor.dtype === 'string') throw new ShapeError(where, parameter, 'a tensor of numbers', describeValue(value));
  if (tensor.isDisposed !== true) return;
  const advice = 'Call it inside the tf.tidy that the tensor is made in, or return the tensor from there';
  throw new InvalidOptionError(where, parameter, 'a live tensor', 'a disposed one', advice);
}

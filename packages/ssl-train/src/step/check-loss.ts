import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type OptionNames, ShapeError } from '@selfsup/ssl-tensor/host';
import type { MethodLoss } from './method.js';

const lossNames: OptionNames<MethodLoss> = {
  loss: 'required',
  weight: 'optional',
  metrics: 'optional',
  carried: 'optional',
};

const isTensor = (value: unknown): value is tf.Tensor =>
  typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value && 'dataId' in value;

const isPromise = (value: unknown): boolean =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';

/**
 * Checks what a method's loss returned: a record with the loss and what goes with it, each a scalar tensor.
 *
 * @throws InvalidOptionError for what is no such record, or a number of the host, which would stay as it was when the step
 *   was traced; ShapeError for what is no scalar
 */
export function checkLoss(method: string, returned: unknown): MethodLoss {
  const where = `method '${method}'`;
  if (isPromise(returned)) {
    void Promise.resolve(returned).catch(() => undefined);
    const advice =
      'It is traced into one graph. Leave async and await out, and prepare what has to be waited for in the loader';
    throw new InvalidOptionError(where, 'loss()', 'synchronous', returned, advice);
  }
  if (typeof returned !== 'object' || returned === null || isTensor(returned)) {
    const advice = returned === undefined ? 'Is a return missing?' : 'Write return { loss } or { loss, metrics }';
    throw new InvalidOptionError(where, 'loss()', 'a function that returns { loss, metrics }', returned, advice);
  }
  const { loss, weight, metrics, carried } = checkOptions(where, returned as MethodLoss, lossNames, 'loss()');
  checkScalar(where, 'loss', loss);
  if (weight !== undefined) checkScalar(where, 'weight', weight);
  if (metrics !== undefined) {
    if (typeof metrics !== 'object' || metrics === null || Array.isArray(metrics) || metrics instanceof Map)
      throw new InvalidOptionError(where, 'metrics', 'a record of scalar tensors by name', metrics);
    for (const [name, metric] of Object.entries(metrics)) checkScalar(where, `metrics.${name}`, metric);
  }
  if (carried !== undefined) checkCarried(where, carried);
  return returned as MethodLoss;
}

function checkCarried(where: string, carried: unknown): void {
  if (typeof carried !== 'object' || carried === null || Array.isArray(carried) || carried instanceof Map)
    throw new InvalidOptionError(where, 'carried', 'a record of tensors by name', carried);
  for (const [name, value] of Object.entries(carried)) {
    if (!isTensor(value))
      throw new InvalidOptionError(where, `carried.${name}`, 'a tensor with a row per sample', value);
    if (value.rank === 0 || value.dtype === 'string')
      throw new ShapeError(where, `carried.${name}`, '[rows, ...]', `${value.dtype} [${value.shape.join(', ')}]`);
  }
}

function checkScalar(where: string, option: string, value: unknown): void {
  if (!isTensor(value)) {
    const advice =
      typeof value === 'number'
        ? 'A number is the same at every step: the function runs once, when it is traced. Compute it of tensors'
        : `Reduce it to one number per step, such as tf.mean(values)`;
    throw new InvalidOptionError(where, option, 'a scalar tensor', value, advice);
  }
  if (value.rank !== 0 || value.dtype === 'string')
    throw new ShapeError(
      where,
      option,
      'a scalar, such as tf.mean(values)',
      `${value.dtype} [${value.shape.join(', ')}]`,
    );
}

import * as tf from '@tensorflow/tfjs-core';
import { checkChoice, checkOptions, type NdArray, type OptionNames, ShapeError } from '@selfsup/ssl-core';
import { hostCall } from '../ops/host-call.js';
import type { Collective } from './collective.js';

/** Options of {@link allReduce}. */
export interface AllReduceOptions {
  /** Default `sum`. */
  readonly op?: 'sum' | 'mean';
}

const allReduceOptionNames: OptionNames<AllReduceOptions> = {
  op: 'optional',
};

/** Reduces one array after the other; a promise only where the collective returns promises. */
function reduceAll(collective: Collective, inputs: readonly NdArray[]): NdArray[] | Promise<NdArray[]> {
  const reduced: NdArray[] = [];
  for (const [index, { data, shape }] of inputs.entries()) {
    const sum = collective.allReduce(data as Float32Array);
    if (sum instanceof Promise)
      return sum.then(async (first) => [
        ...reduced,
        { data: first, shape },
        ...(await reduceAll(collective, inputs.slice(index + 1))),
      ]);
    reduced.push({ data: sum, shape });
  }
  return reduced;
}

function sumOver(tensors: readonly tf.Tensor[], collective: Collective): tf.Tensor[] {
  const outputs = tensors.map(({ shape }) => ({ shape, dtype: 'float32' as const }));
  return hostCall(tensors, outputs, (inputs) => reduceAll(collective, inputs), {
    name: 'allReduce',
    channel: collective,
    gradient: (dys) => sumOver(dys, collective),
  });
}

/**
 * Sum or mean of a tensor over the ranks, the same on every rank. Several tensors, such as all gradients, in one list are
 * one host call, and cut the step once. With one rank nothing is recorded.
 *
 * The gradient is the all-reduce of the results' gradients, as in `torch.distributed.nn.functional.all_reduce`: that of the
 * sum over the ranks of their losses.
 *
 * @param x float32, of the same shape on every rank
 * @returns same shapes
 * @throws ShapeError for another type; InvalidOptionError for another `op`
 */
export function allReduce<T extends tf.Tensor | readonly tf.Tensor[]>(
  x: T,
  collective: Collective,
  options: AllReduceOptions = {},
): T {
  const { op = 'sum' } = checkOptions('allReduce', options, allReduceOptionNames);
  checkChoice('allReduce', 'op', op, ['sum', 'mean']);
  const tensors: readonly tf.Tensor[] = x instanceof tf.Tensor ? [x] : x;
  for (const { dtype } of tensors) if (dtype !== 'float32') throw new ShapeError('allReduce', 'x', 'float32', dtype);
  const sums = collective.size === 1 ? tensors.map((tensor) => tf.clone(tensor)) : sumOver(tensors, collective);
  const results = op === 'sum' ? sums : sums.map((sum) => tf.div(sum, collective.size));
  return (x instanceof tf.Tensor ? results[0] : results) as T;
}

import * as tf from '@tensorflow/tfjs-core';
import { customOp } from '../backend/custom-op.js';
import { typedValues } from '../backend/typed-values.js';
import { activeTrace } from '../compile/active-trace.js';
import { callHost, type HostFunction, type HostFunctionCall, type HostTensorSpec } from '../compile/host-function.js';
import { userLine } from '../compile/user-line.js';
import {
  checkOptions,
  type NdArray,
  type NdData,
  type OptionNames,
  ShapeError,
  UnsupportedOpError,
} from '@selfsup/ssl-core';
import { InvalidOptionError } from '@selfsup/ssl-core';
import type { ValueType } from '../graph/value.js';

/** Gradients of the inputs from those of the results and the inputs; undefined where one has none. */
export type HostCallGradient = (
  dys: readonly tf.Tensor[],
  inputs: readonly tf.Tensor[],
) => readonly (tf.Tensor | undefined)[];

/** Options of {@link hostCall}. */
export interface HostCallOptions {
  /** Default: none, and differentiating throws UnsupportedOpError. May call the host itself. */
  readonly gradient?: HostCallGradient;
  /** Name in error messages. Default: the function's name. */
  readonly name?: string;
  /**
   * Compiled calls whose host calls share a channel run one after the other, in the order of the calls. Two that wait for
   * each other on the host, as ranks in one process do, need channels of their own. Default: one for the whole process.
   */
  readonly channel?: object;
}

const hostCallOptionNames: OptionNames<HostCallOptions> = {
  gradient: 'optionalFunction',
  name: 'optional',
  channel: 'optional',
};

const common = {};

/** The function's results at once, where there is no trace. */
function callNow(inputs: readonly tf.Tensor[], call: HostFunctionCall): tf.Tensor[] {
  const arrays = inputs.map((input): NdArray => {
    const data = typedValues(input.dataSync(), input.dtype as ValueType) as NdData;
    return { data: data.slice() as NdData, shape: input.shape };
  });
  const results = callHost(call, arrays);
  if (results instanceof Promise) {
    results.catch(() => undefined);
    throw new UnsupportedOpError(
      `hostCall '${call.name}'`,
      'is asynchronous, which works inside compile() only',
      'Compile the function, or let the host function return its results at once',
      userLine(),
    );
  }
  return results.map(({ data, shape }, index) => tf.tensor(data, [...shape], call.outputs[index]!.dtype));
}

/**
 * Computes on the host. Inside compile() the step is cut here: what the host function needs is computed first, the function
 * then runs with the values of each call of the step, and what follows takes its results. Host calls of a step run one
 * after the other in the order in which they were recorded, also where they do not depend on each other, and each is run
 * whether or not its results are used; those of a gradient run when it is computed. Variables keep the values that they had
 * at the start of the step until its end.
 *
 * Each cut costs a pass through JavaScript and an engine session of its own: pass what belongs together in one call.
 *
 * @param inputs float32, int32 or bool, any shapes
 * @param outputs shape and type of each result
 * @param fn gets the inputs as host arrays, which it must not write into; returns the results, or a promise of them (inside
 *   compile() only), and must not write into them afterwards
 * @returns the results, in the order of `outputs`
 * @throws HostCallError when `fn` throws or rejects, which leaves all variables as they were before the step; ShapeError when
 *   a result is not as `outputs` says
 *
 * @example
 * const [rank] = hostCall([scores], [{ shape: [n], dtype: 'int32' }], ([x]) => [ndArray(rankOf(x.data), [n])]);
 */
export function hostCall(
  inputs: readonly tf.Tensor[],
  outputs: readonly HostTensorSpec[],
  fn: HostFunction,
  options: HostCallOptions = {},
): tf.Tensor[] {
  if (typeof fn !== 'function') throw new InvalidOptionError('hostCall', 'fn', 'a function of host arrays', fn);
  const {
    gradient,
    name = fn.name === '' ? 'anonymous' : fn.name,
    channel = common,
  } = checkOptions('hostCall', options, hostCallOptionNames);
  const call: HostFunctionCall = { name, outputs, fn };
  return customOp({
    inputs,
    forward: (save) => {
      if (gradient !== undefined) save(inputs);
      return activeTrace()?.hostCall(inputs, call, channel) ?? callNow(inputs, call);
    },
    backward: (dys, saved) => {
      if (gradient === undefined)
        throw new UnsupportedOpError(
          `hostCall '${name}'`,
          'has no gradient',
          'Pass options.gradient, or give it stopGradient(x)',
          userLine(),
        );
      const gradients = gradient(dys, saved);
      if (gradients.length !== inputs.length)
        throw new ShapeError(`hostCall '${name}'`, 'gradient', `${inputs.length} tensors`, `${gradients.length}`);
      return Object.fromEntries(gradients.map((dx, place) => [place, () => dx ?? tf.zeros(inputs[place]!.shape)]));
    },
  });
}

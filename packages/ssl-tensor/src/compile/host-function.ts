import { HostCallError } from '../errors/host-call-error.js';
import { isNdArray, type NdArray, ShapeError } from '@selfsup/ssl-core';
import { sameShape, sizeOf } from '../graph/value.js';

/** Shape and type of a result of a host function. */
export interface HostTensorSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** Results of a host function, one for each output; one without outputs may return nothing. */
export type HostResults = readonly NdArray[] | void;

/** What runs on the host at each run of a step. It must not write into its inputs, nor later into what it returned. */
export type HostFunction = (inputs: readonly NdArray[]) => HostResults | Promise<HostResults>;

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** A host function with what it promises to return. */
export interface HostFunctionCall {
  readonly name: string;
  readonly outputs: readonly HostTensorSpec[];
  readonly fn: HostFunction;
}

const describe = (value: unknown): string =>
  isNdArray(value) ? `${value.data.constructor.name} [${value.shape.join(', ')}]` : typeof value;

function checked({ name, outputs }: HostFunctionCall, results: HostResults): readonly NdArray[] {
  const where = `hostCall '${name}'`;
  const given: readonly unknown[] = results ?? [];
  if (!Array.isArray(given) || given.length !== outputs.length)
    throw new ShapeError(
      where,
      'the returned value',
      `an array of ${outputs.length} host arrays`,
      Array.isArray(given) ? `${given.length}` : typeof given,
    );
  return outputs.map(({ shape, dtype }, index) => {
    const result: unknown = given[index];
    const fits =
      isNdArray(result) &&
      result.data instanceof arrays[dtype] &&
      sameShape(result.shape, shape) &&
      result.data.length === sizeOf(shape);
    if (!fits) {
      const expected = `${arrays[dtype].name} [${shape.join(', ')}]`;
      throw new ShapeError(where, `result ${index}`, expected, describe(result));
    }
    return result;
  });
}

/**
 * Calls a host function and checks what it returns.
 *
 * @throws HostCallError when the function throws or rejects; ShapeError when its results are not as promised
 */
export function callHost(
  call: HostFunctionCall,
  inputs: readonly NdArray[],
): readonly NdArray[] | Promise<readonly NdArray[]> {
  const fail = (cause: unknown): never => {
    throw new HostCallError(call.name, cause);
  };
  let results: HostResults | Promise<HostResults>;
  try {
    results = call.fn(inputs);
  } catch (cause) {
    return fail(cause);
  }
  return results instanceof Promise ? results.then((value) => checked(call, value), fail) : checked(call, results);
}

import * as tf from '@tensorflow/tfjs-core';
import { residentOf } from '../backend/fetched.js';
import { registerSslBackend } from '../backend/register-backend.js';
import { typedValues } from '../backend/typed-values.js';
import { copyOf, InvalidOptionError, isNdArray, type NdArray, type NdData } from '@selfsup/ssl-core';
import type { ValueType } from '../graph/value.js';
import type { LeafSpec } from './run-trace.js';

/** Arguments of one call, taken apart: tensors, and everything else as part of the signature. */
export interface FlatArguments {
  /** Text that is equal for calls that one trace can serve. */
  readonly signature: string;
  readonly leaves: readonly (tf.Tensor | NdArray)[];
  readonly specs: readonly LeafSpec[];
  /** Frees what is held of tensors on a device; undefined where nothing is. */
  readonly release: (() => void) | undefined;
  /** Rebuilds the arguments with other tensors in the place of the leaves. */
  readonly rebuild: (tensors: readonly tf.Tensor[]) => unknown[];
}

const arrayType = (data: NdArray['data']): ValueType =>
  data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'uint8';

/** Text of a static value; JSON has one text for NaN, the infinities and null, and none for -0. */
function staticText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/**
 * What an argument holds at the call, as a copy: it may have to wait, and the caller may write into the array, which a tensor
 * made of it shares, or dispose of the tensor at once. A variable is read when its turn comes.
 */
function held(value: tf.Tensor | NdArray, type: ValueType, clones: tf.Tensor[]): tf.Tensor | NdArray {
  if (!(value instanceof tf.Tensor)) return { data: copyOf(value.data), shape: value.shape };
  if (value instanceof tf.Variable) return value;
  const resident = residentOf(registerSslBackend(), value);
  if (resident !== undefined && !resident.isReadable) {
    // Of device memory nothing is copied: runs write the buffers of variables alone, and not those that tensors share.
    const clone = tf.keep(value.clone());
    clones.push(clone);
    return clone;
  }
  const values = value.dataSync();
  const data = typedValues(values, type);
  return { data: (data === values ? data.slice() : data) as NdData, shape: value.shape };
}

/** What helps where an argument is no data: typed arrays and nested lists have no shape of their own. */
function adviceFor(value: object): string | undefined {
  if (ArrayBuffer.isView(value)) return 'Pass { data: Float32Array.from(values), shape }, or a tensor';
  if (typeof (value as { readonly then?: unknown }).then === 'function') return 'Await it first';
  if (value instanceof Map) return 'Pass a record: Object.fromEntries(map)';
  return undefined;
}

/** Takes a call's arguments apart; throws InvalidOptionError for values that a trace cannot depend on. */
export function flattenArguments(where: string, args: readonly unknown[]): FlatArguments {
  const leaves: (tf.Tensor | NdArray)[] = [];
  const specs: LeafSpec[] = [];
  const text: string[] = [];
  const clones: tf.Tensor[] = [];
  type Rebuild = (tensors: readonly tf.Tensor[]) => unknown;
  const leaf = (value: tf.Tensor | NdArray, type: ValueType): Rebuild => {
    const index = leaves.length;
    leaves.push(held(value, type, clones));
    specs.push({ shape: [...value.shape], type });
    text.push(`${type}[${value.shape.join(',')}]`);
    return (tensors) => tensors[index];
  };
  const walk = (value: unknown, path: string): Rebuild => {
    if (value instanceof tf.Tensor) {
      if (value.isDisposed) throw new InvalidOptionError(where, path, 'a live tensor', 'a disposed one');
      if (value.dtype === 'string' || value.dtype === 'complex64')
        throw new InvalidOptionError(where, path, 'a float32, int32 or bool tensor', `a ${value.dtype} tensor`);
      return leaf(value, value.dtype as ValueType);
    }
    if (isNdArray(value)) {
      const size = value.shape.reduce((product, dimension) => product * dimension, 1);
      if (size !== value.data.length)
        throw new InvalidOptionError(
          where,
          path,
          `${size} elements for shape [${value.shape.join(', ')}]`,
          value.data.length,
        );
      return leaf(value, arrayType(value.data));
    }
    if (Array.isArray(value)) {
      text.push(`(${value.length}`);
      const items = value.map((item, index) => walk(item, `${path}[${index}]`));
      text.push(')');
      return (tensors) => items.map((item) => item(tensors));
    }
    if (typeof value === 'object' && value !== null) {
      if (Object.getPrototypeOf(value) !== Object.prototype) {
        throw new InvalidOptionError(
          where,
          path,
          'a tensor, host array, plain record, array, number, string or boolean',
          value,
          adviceFor(value),
        );
      }
      const entries = Object.entries(value).map(([key, item]) => {
        text.push(`{${key}`);
        return [key, walk(item, `${path}.${key}`)] as const;
      });
      text.push('}');
      return (tensors) => Object.fromEntries(entries.map(([key, item]) => [key, item(tensors)]));
    }
    if (typeof value === 'function' || typeof value === 'symbol')
      throw new InvalidOptionError(where, path, 'data', `a ${typeof value}`);
    text.push(staticText(value));
    return () => value;
  };
  const rebuilds = args.map((argument, index) => walk(argument, `argument ${index + 1}`));
  return {
    signature: text.join(' '),
    leaves,
    specs,
    release: clones.length === 0 ? undefined : () => tf.dispose(clones),
    rebuild: (tensors) => rebuilds.map((rebuild) => rebuild(tensors)),
  };
}

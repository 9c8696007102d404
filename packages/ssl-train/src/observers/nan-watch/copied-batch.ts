import type * as tf from '@tensorflow/tfjs-core';
import { DataError, isNdArray, type NdArray, type NdData } from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../../checkpoint/run-config.js';

/** Memory for the arrays of a batch, used again for the next one of the same shapes. */
export class CopiedBatch {
  #memory: NdData[] = [];

  /** The batch with arrays of its own: a loader may write over its own ones. */
  async copy(batch: unknown): Promise<unknown> {
    const memory: NdData[] = [];
    const copied = await mapArrays(batch, ({ data, shape }) => {
      const old = this.#memory[memory.length];
      const fits = old?.constructor === data.constructor && old.length === data.length;
      if (fits) old.set(data);
      // Of memory that threads share, slice() makes memory of this one alone.
      const own = fits ? old : data.slice();
      memory.push(own);
      return { data: own, shape };
    });
    this.#memory = memory;
    return copied;
  }
}

/** A batch of arrays, records and lists with other arrays in it; tensors become arrays. */
async function mapArrays(value: unknown, change: (array: NdArray) => NdArray): Promise<unknown> {
  if (isNdArray(value)) return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isTensor(value)) return change({ data: (await value.data()) as NdData, shape: value.shape });
  const copied: [string, unknown][] = [];
  for (const [name, item] of Object.entries(value)) copied.push([name, await mapArrays(item, change)]);
  return Array.isArray(value) ? copied.map(([, item]) => item) : Object.fromEntries(copied);
}

const isTensor = (value: object): value is tf.Tensor => 'dataId' in value && 'dtype' in value;

/** Arrays of a batch by their places: `views.0`. */
export function batchArrays(batch: unknown): Map<string, NdArray> {
  const found = new Map<string, NdArray>();
  const walk = (value: unknown, name: string): void => {
    if (isNdArray(value)) found.set(name, value);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) walk(item, name === '' ? key : `${name}.${key}`);
  };
  walk(batch, '');
  return found;
}

/** A batch as JSON in which arrays are their places. */
export function batchStructure(value: unknown, name = ''): JsonValue {
  const inside = (key: string): string => (name === '' ? key : `${name}.${key}`);
  if (isNdArray(value)) return { array: name };
  if (Array.isArray(value)) return { list: value.map((item, index) => batchStructure(item, inside(String(index)))) };
  if (typeof value !== 'object' || value === null) return value === undefined ? {} : { value: value as JsonValue };
  return {
    record: Object.fromEntries(Object.entries(value).map(([key, item]) => [key, batchStructure(item, inside(key))])),
  };
}

/**
 * The batch that {@link batchStructure} described.
 *
 * @throws DataError where an array is missing
 */
export function batchOf(structure: JsonValue, arrays: ReadonlyMap<string, NdArray>): unknown {
  const { array, list, record, value } = structure as {
    readonly array?: string;
    readonly list?: readonly JsonValue[];
    readonly record?: Readonly<Record<string, JsonValue>>;
    readonly value?: JsonValue;
  };
  if (list !== undefined) return list.map((item) => batchOf(item, arrays));
  if (record !== undefined)
    return Object.fromEntries(Object.entries(record).map(([name, item]) => [name, batchOf(item, arrays)]));
  if (array === undefined) return value;
  const found = arrays.get(array);
  if (found === undefined) throw new DataError(`lacks the array '${array}' of its batch`);
  return found;
}

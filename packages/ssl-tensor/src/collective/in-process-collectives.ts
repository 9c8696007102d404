import { checkCount, DataError } from '@selfsup/ssl-core';
import type { Collective } from './collective.js';

type Data = Float32Array | Int32Array;

/** What a rank has come with. */
interface Arrival {
  readonly kind: 'allReduce' | 'allGather';
  readonly data: Data;
  readonly resolve: (result: Data) => void;
  readonly reject: (reason: Error) => void;
}

function concatenated<D extends Data>(arrays: readonly D[]): D {
  const [first] = arrays as readonly [D, ...D[]];
  const all = new (first.constructor as new (length: number) => D)(first.length * arrays.length);
  arrays.forEach((array, rank) => all.set(array, rank * first.length));
  return all;
}

function summed(arrays: readonly Data[]): Float32Array {
  const sum = Float32Array.from(arrays[0]!);
  for (const array of arrays.slice(1)) for (let i = 0; i < sum.length; i++) sum[i]! += array[i]!;
  return sum;
}

/**
 * Ranks in one process, which wait for each other by promises: to try distributed training, and to test it. Each rank
 * wants a compiled step, variables and an optimiser of its own; their steps are called without awaiting one before the next.
 *
 * @returns one collective for each rank. A call rejects with DataError when ranks do not make the same call, or one makes a
 *   second before the others have come
 * @throws InvalidOptionError for a size that is not a positive integer
 *
 * @example
 * const losses = await Promise.all(steps.map((step, rank) => step(parts[rank])));
 */
export function inProcessCollectives(size: number): readonly Collective[] {
  checkCount('inProcessCollectives', { size });
  let arrivals = new Map<number, Arrival>();
  const finish = (): void => {
    const all = Array.from({ length: size }, (_, rank) => arrivals.get(rank)!);
    arrivals = new Map();
    const names = all.map(({ kind, data }) => `${kind} of ${data.constructor.name}[${data.length}]`);
    if (new Set(names).size > 1) {
      const error = new DataError(`ranks must make the same calls in the same order, but called ${names.join(', ')}`);
      for (const { reject } of all) reject(error);
      return;
    }
    const arrays = all.map(({ data }) => data);
    const result = all[0]!.kind === 'allReduce' ? summed(arrays) : concatenated(arrays);
    for (const { resolve } of all) resolve(result.slice() as Data);
  };
  const arrive = <D extends Data>(rank: number, kind: Arrival['kind'], data: D): Promise<D> =>
    new Promise((resolve, reject) => {
      if (arrivals.has(rank)) {
        reject(new DataError(`rank ${rank} called ${kind} before the others had made its call before`));
        return;
      }
      arrivals.set(rank, { kind, data, resolve: resolve as (result: Data) => void, reject });
      if (arrivals.size === size) finish();
    });
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allReduce: (data) => arrive(rank, 'allReduce', data),
    allGather: (data) => arrive(rank, 'allGather', data),
  }));
}

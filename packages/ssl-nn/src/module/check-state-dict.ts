import { InvalidOptionError, type NdArray } from '@selfsup/ssl-tensor/host';

/**
 * @param where the function that was called, for the message
 * @throws InvalidOptionError unless `state` is a Map, as is what `loadSafetensors` returns with its tensors
 */
export function checkStateDict(where: string, state: ReadonlyMap<string, NdArray>): void {
  const given = state as Partial<ReadonlyMap<string, NdArray>> | null | undefined;
  if (typeof given?.get !== 'function' || typeof given[Symbol.iterator] !== 'function')
    throw new InvalidOptionError(
      where,
      'state',
      'a Map of names to arrays, such as `tensors` of what loadSafetensors returns, or new Map(Object.entries(record))',
      state,
      typeof (given as { readonly stateDict?: unknown } | null | undefined)?.stateDict === 'function'
        ? 'Of a module it is module.stateDict()'
        : undefined,
    );
}

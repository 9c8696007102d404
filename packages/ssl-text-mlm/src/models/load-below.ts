import type { LoadStateResult, Module } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-tensor/host';

/**
 * Loads a part of a model from the state dict of a model that has such a part under a name.
 *
 * @param prefix the name with a full stop, such as `model.`
 * @returns names as in `state`; what does not lie below the name is among `ignored`
 * @throws CheckpointError if the part does not fit
 */
export function loadBelow(part: Module, state: ReadonlyMap<string, NdArray>, prefix: string): LoadStateResult {
  const [own, outside] = [new Map<string, NdArray>(), new Map<string, string>()];
  for (const [name, array] of state)
    if (name.startsWith(prefix)) own.set(name.slice(prefix.length), array);
    else outside.set(name, 'not in the encoder');
  const loaded = part.loadStateDict(own);
  for (const [name, reason] of loaded.ignored) outside.set(prefix + name, reason);
  return { ...loaded, ignored: outside };
}

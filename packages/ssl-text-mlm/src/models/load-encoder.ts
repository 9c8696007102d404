import type { LoadStateResult } from '@selfsup/ssl-nn';
import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { TextModel } from './text-model.js';

/**
 * Takes an encoder's weights from a state dict of a pretrained model with a head. A pooler that the state dict has not
 * stays as it is.
 *
 * @param state with names under the encoder's `baseName`
 * @returns what of the state dict is not in the encoder, with the reason
 * @throws CheckpointError if the encoder does not fit
 */
export function loadEncoder(encoder: TextModel, state: ReadonlyMap<string, NdArray>): LoadStateResult {
  const prefix = `${encoder.baseName}.`;
  const own = new Map<string, NdArray>();
  const ignored = new Map<string, string>();
  for (const [name, array] of state)
    if (name.startsWith(prefix)) own.set(name.slice(prefix.length), array);
    else ignored.set(name, 'not in the encoder');
  const isPooler = (name: string): boolean => name.startsWith('pooler.');
  if (encoder.poolerDense !== undefined && ![...own.keys()].some(isPooler))
    for (const [name, array] of encoder.stateDict()) if (isPooler(name)) own.set(name, array);
  const loaded = encoder.loadStateDict(own);
  for (const [name, reason] of loaded.ignored) ignored.set(prefix + name, reason);
  return { ...loaded, ignored };
}

import type { NdArray } from '@selfsup/ssl-tensor/host';
import { checkStateDict } from './check-state-dict.js';
import { noteSkipped, type SkippedTensor, skippedOf } from '../safetensors/skipped-tensor.js';

/** Tensors of a module by their reference name, in the reference's layout: what a safetensors file holds. */
export type StateDict = Map<string, NdArray>;

/**
 * The entries whose name starts with `prefix`, named without it.
 *
 * @example
 * const backbone = withoutPrefix(tensors, 'backbone.');
 */
export function withoutPrefix(state: ReadonlyMap<string, NdArray>, prefix: string): StateDict {
  return renamed(state, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined));
}

/** The same entries with `prefix` before each name. */
export function withPrefix(state: ReadonlyMap<string, NdArray>, prefix: string): StateDict {
  return renamed(state, (name) => prefix + name);
}

/** Entries under other names, without those that get none; what a file holds besides keeps its reason. */
function renamed(state: ReadonlyMap<string, NdArray>, rename: (name: string) => string | undefined): StateDict {
  checkStateDict('state dict', state);
  const result: StateDict = new Map();
  for (const [name, array] of state) {
    const to = rename(name);
    if (to !== undefined) result.set(to, array);
  }
  noteSkipped(
    result,
    skippedOf(state).flatMap((tensor): SkippedTensor[] => {
      const name = rename(tensor.name);
      return name === undefined ? [] : [{ ...tensor, name }];
    }),
  );
  return result;
}

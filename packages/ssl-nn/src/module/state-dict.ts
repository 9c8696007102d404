import type { NdArray } from 'ssl-tensor/host';

/** Tensors of a module by their reference name, in the reference's layout: what a safetensors file holds. */
export type StateDict = Map<string, NdArray>;

/**
 * The entries whose name starts with `prefix`, named without it.
 *
 * @example
 * const backbone = withoutPrefix(tensors, 'backbone.');
 */
export function withoutPrefix(state: ReadonlyMap<string, NdArray>, prefix: string): StateDict {
  return new Map(
    [...state].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]),
  );
}

/** The same entries with `prefix` before each name. */
export function withPrefix(state: ReadonlyMap<string, NdArray>, prefix: string): StateDict {
  return new Map([...state].map(([name, array]) => [prefix + name, array]));
}

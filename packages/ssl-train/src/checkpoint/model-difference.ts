import { printable } from '@selfsup/ssl-core';
import { type Module, type StateDict, withPrefix } from '@selfsup/ssl-nn';

/**
 * What tells the model of a checkpoint from the one that is there: a tensor that one of them lacks, or its shape.
 *
 * @param saved tensors of the checkpoint's modules, by the names of `modules`
 * @returns undefined where all of one fit the other
 */
export function modelDifference(saved: StateDict, modules: Readonly<Record<string, Module>>): string | undefined {
  const own: StateDict = new Map(
    Object.entries(modules).flatMap(([name, module]) => [...withPrefix(module.stateDict(), `${name}.`)]),
  );
  for (const [name, { shape }] of own) {
    const found = saved.get(name)?.shape;
    if (found === undefined) return `it has no '${printable(name)}', and the model has`;
    if (found.join() !== shape.join())
      return `its '${printable(name)}' is [${found.join(', ')}], the model's is [${shape.join(', ')}]`;
  }
  const stray = [...saved.keys()].find((name) => !own.has(name));
  return stray === undefined ? undefined : `it has '${printable(stray)}', and the model has not`;
}

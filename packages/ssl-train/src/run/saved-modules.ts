import type * as tf from '@tensorflow/tfjs-core';
import { type Module, parametersOf } from '@selfsup/ssl-nn';
import type { Stateful } from '@selfsup/ssl-tensor';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { EmaPair } from '../step/ema.js';
import type { UpdatedVariables } from '../step/skippable-update.js';

type Named = ReadonlyMap<string, { readonly variable: tf.Variable }>;

const variablesIn = (named: Named): tf.Variable[] => [...named.values()].map(({ variable }) => variable);
const variablesOf = (module: Module): tf.Variable[] => [
  ...variablesIn(module.namedParameters()),
  ...variablesIn(module.namedBuffers()),
];

/** What a checkpoint holds of modules: the method's, and EMA targets that are not among them. */
export function savedModules(
  modules: Readonly<Record<string, Module>>,
  pairs: readonly EmaPair[],
): Record<string, Module> {
  const saved = { ...modules };
  const covered = new Set(Object.values(modules).flatMap(variablesOf));
  pairs.forEach(({ target }, index) => {
    if (variablesOf(target).some((variable) => !covered.has(variable))) saved[`ema-target-${index}`] = target;
  });
  return saved;
}

/** Everything that steps of a run may assign, each once. */
export function updatedVariables(
  modules: Readonly<Record<string, Module>>,
  state: Readonly<Record<string, Stateful>>,
  optimizer: Optimizer,
): UpdatedVariables {
  const statistics = new Set([
    ...Object.values(modules).flatMap((module) => variablesIn(module.namedBuffers())),
    ...Object.values(state).flatMap(({ buffers }) => Object.values(buffers)),
  ]);
  const updated = new Set([...variablesIn(parametersOf(modules)), ...optimizer.variables]);
  return { statistics: [...statistics], updated: [...updated].filter((variable) => !statistics.has(variable)) };
}

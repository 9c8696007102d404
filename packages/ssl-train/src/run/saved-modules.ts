import type * as tf from '@tensorflow/tfjs-core';
import type { Module } from '@selfsup/ssl-nn';
import type { Stateful } from '@selfsup/ssl-tensor';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { EmaPair } from '../step/ema.js';
import type { UpdatedVariables } from '../step/skippable-update.js';

const parametersOf = (module: Module): tf.Variable[] =>
  [...module.namedParameters().values()].map(({ variable }) => variable);
const buffersOf = (module: Module): tf.Variable[] =>
  [...module.namedBuffers().values()].map(({ variable }) => variable);
const variablesOf = (module: Module): tf.Variable[] => [...parametersOf(module), ...buffersOf(module)];

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
  const saved = Object.values(modules);
  const statistics = new Set([
    ...saved.flatMap(buffersOf),
    ...Object.values(state).flatMap(({ buffers }) => Object.values(buffers)),
  ]);
  const updated = new Set([...saved.flatMap(parametersOf), ...optimizer.variables]);
  return { statistics: [...statistics], updated: [...updated].filter((variable) => !statistics.has(variable)) };
}

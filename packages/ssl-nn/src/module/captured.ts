import * as tf from '@tensorflow/tfjs-core';
import { describeValue, InvalidOptionError, nearestName, printable } from '@selfsup/ssl-tensor/host';
import { watchCalls } from './call-recorder.js';
import { isTensor } from './holdings.js';
import { Module } from './module.js';
import { walkTree } from './walk-tree.js';

/** Result of {@link captured}. */
export interface Captured<R, N extends string> {
  /** What the function returned. */
  readonly result: R;
  /** Output of each call of a module, by its name. */
  readonly outputs: Readonly<Record<N, readonly tf.Tensor[]>>;
}

/**
 * Outputs of named modules during a forward pass, without a change to the model: features of any layer. Works eagerly
 * and in the function that `compile()` gets. The output is what `forward`, or a method whose name begins so, returns,
 * once for each call; a batch normalisation gives what it has before the activation that runs with it. Modules that
 * run in one pass over memory run one by one where one of them is named, which may change the last digits.
 *
 * @param names of `model.namedModules()`, or further names of tied ones; `''` is the model
 * @param forward calls the model, once or more; not async
 * @throws InvalidOptionError for a name that no module has, with the nearest one; for a module that was never called or
 *   gives something other than a tensor
 *
 * @example
 * const { outputs } = captured(vit, ['blocks.5', 'norm'], () => vit.forward(images));
 * const [tokens] = outputs['blocks.5'];
 */
export function captured<R, N extends string>(model: Module, names: readonly N[], forward: () => R): Captured<R, N> {
  if (!(model instanceof Module)) throw new InvalidOptionError('captured', 'model', 'a Module', model);
  if (!Array.isArray(names)) throw new InvalidOptionError('captured', 'names', 'a list of names', names);
  if (typeof forward !== 'function') throw new InvalidOptionError('captured', 'forward', 'a function', forward);
  const modules = modulesOf(model);
  const found = [...new Set(names)].map((name) => ({
    name,
    module: moduleOf(modules, name),
    outputs: [] as tf.Tensor[],
  }));
  const ends: (() => void)[] = [];
  try {
    for (const { name, module, outputs } of found)
      ends.push(watchCalls(module, (output) => outputs.push(own(name, output))));
    const result = forward();
    if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function')
      throw new InvalidOptionError(
        'captured',
        'forward',
        'a function that is not async',
        result,
        'Of a compiled function call captured() inside: compile((x) => captured(model, names, () => model.forward(x)))',
      );
    const silent = found.find(({ outputs }) => outputs.length === 0);
    if (silent !== undefined)
      throw new InvalidOptionError(
        'captured',
        'names',
        'modules that the function calls',
        silent.name,
        `Its forward() was not called: another module computes with its weights, or the function does not use it. Name the module around it`,
      );
    // The copies outlive the tidies inside the model; from here on they belong to the caller's.
    const outputs = Object.fromEntries(found.map(({ name, outputs: all }) => [name, all.map((one) => tf.clone(one))]));
    return { result, outputs: outputs as Record<N, tf.Tensor[]> };
  } finally {
    for (const end of ends) end();
    for (const { outputs } of found) tf.dispose(outputs);
  }
}

function own(name: string, output: unknown): tf.Tensor {
  if (typeof output !== 'object' || output === null || !isTensor(output)) {
    const advice = 'Name the modules inside it';
    throw new InvalidOptionError(
      'captured',
      'names',
      `modules that return a tensor`,
      `'${name}' with ${describeValue(output)}`,
      advice,
    );
  }
  return tf.keep(tf.clone(output as tf.Tensor));
}

/** All modules by all of their names. */
function modulesOf(model: Module): Map<string, Module> {
  const modules = model.namedModules();
  walkTree(model, {
    node: (name, node) => {
      if (!modules.has(name)) modules.set(name, node as Module);
    },
  });
  return modules;
}

function moduleOf(modules: ReadonlyMap<string, Module>, name: string): Module {
  const module = modules.get(name);
  if (module !== undefined) return module;
  const inside = typeof name === 'string' ? [...modules.keys()].filter((other) => other.startsWith(`${name}.`)) : [];
  const nearest = typeof name === 'string' ? nearestName(name, modules.keys()) : undefined;
  const advice =
    inside.length > 0
      ? `'${printable(name)}' holds modules and is none; the first is '${inside[0]!}', the last '${inside.at(-1)!}'`
      : `${nearest === undefined ? '' : `Did you mean '${nearest}'? `}The names are those of namedModules(), such as ${[
          ...modules.keys(),
        ]
          .filter(Boolean)
          .slice(0, 8)
          .map((other) => `'${other}'`)
          .join(', ')}`;
  throw new InvalidOptionError('captured', 'names', 'names of modules', name, advice);
}

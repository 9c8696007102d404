import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { hasForward, watchCalls } from './call-recorder.js';
import { isRecord, isTensor } from './holdings.js';
import { Module } from './module.js';

/** One output of a module. */
export interface ModuleOutput {
  /** The model's name and the module's within it: `backbone.blocks.0.mlp`, and the field where it gives out several. */
  readonly name: string;
  readonly tensor: tf.Tensor;
}

/** Result of {@link capturedAll}. */
export interface CapturedAll<R> {
  /** What the function returned. */
  readonly result: R;
  /** In the order in which the calls ended: what a module is made of comes before it. */
  readonly outputs: readonly ModuleOutput[];
}

/**
 * Outputs of all modules of some models during a forward pass, in their order: where in a model something happens. As
 * `captured`, for every module that is called; those that are not, or whose class has no `forward`, are left out, as is
 * what is no tensor. All run one by one, which may change the last digits. Works eagerly and inside `compile()`.
 *
 * @param models by name
 * @param forward calls them; not async
 * @throws InvalidOptionError for what is no module
 *
 * @example
 * const { outputs } = capturedAll({ backbone, head }, () => head.forward(backbone.forward(images)));
 */
export function capturedAll<R>(models: Readonly<Record<string, Module>>, forward: () => R): CapturedAll<R> {
  if (typeof forward !== 'function') throw new InvalidOptionError('capturedAll', 'forward', 'a function', forward);
  const kept: ModuleOutput[] = [];
  const ends: (() => void)[] = [];
  const seen = new Set<Module>();
  try {
    for (const [model, root] of Object.entries(models)) {
      if (!(root instanceof Module)) throw new InvalidOptionError('capturedAll', `models.${model}`, 'a Module', root);
      for (const [name, module] of root.namedModules()) {
        if (seen.has(module) || !hasForward(module)) continue;
        seen.add(module);
        const full = name === '' ? model : `${model}.${name}`;
        ends.push(
          watchCalls(module, (output) => {
            for (const one of tensorsOf(full, output)) kept.push({ ...one, tensor: tf.keep(tf.clone(one.tensor)) });
          }),
        );
      }
    }
    const result = forward();
    // The copies outlive the tidies inside the models; from here on they belong to the caller's.
    const outputs = kept.map(({ name, tensor }) => ({ name, tensor: tf.clone(tensor) }));
    return { result, outputs };
  } finally {
    for (const end of ends) end();
    tf.dispose(kept.map(({ tensor }) => tensor));
  }
}

function tensorsOf(name: string, output: unknown): ModuleOutput[] {
  if (typeof output !== 'object' || output === null) return [];
  if (isTensor(output)) return [{ name, tensor: output as tf.Tensor }];
  if (!Array.isArray(output) && !isRecord(output)) return [];
  return Object.entries(output).flatMap(([field, value]) => tensorsOf(`${name}.${field}`, value));
}

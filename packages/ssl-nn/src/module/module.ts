import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type NdArray } from '@selfsup/ssl-tensor/host';
import type { ForwardContext } from './forward-context.js';
import { loadState, loadStateOptionNames, type LoadStateOptions, type LoadStateResult } from './load-state.js';
import { checkStateDict } from './check-state-dict.js';
import { Buffer, type ModuleState, Parameter } from './parameter.js';
import type { StateDict } from './state-dict.js';
import { StateEntries, StateInTransit } from './state-entries.js';
import { TreeNode } from './tree-node.js';
import { walkTree } from './walk-tree.js';

/** A module that maps one tensor to one tensor, as {@link Sequential} chains them. */
export interface UnaryModule extends Module {
  forward(x: tf.Tensor, ctx?: ForwardContext): tf.Tensor;
}

/**
 * Base class of everything that has weights. The tree is the object's own fields: a field that holds a Module, Parameter
 * or Buffer is a child under the field's name, and so are those in a list (`blocks.0`), record or Map with string keys
 * (`towers.text`), however nested. In a container without names, such as a Set, they are refused and not lost. Private
 * `#fields` are not children.
 *
 * A tensor or module that is reachable twice (tied weights) counts once, under the first name.
 *
 * @example
 * class Head extends Module {
 *   static override readonly fieldNames = { output: 'fc.2' };
 *   readonly output: Linear;
 *   ...
 * }
 */
export abstract class Module extends TreeNode {
  /** Trainable tensors by the reference's name, in the order of the fields. */
  namedParameters(): Map<string, Parameter> {
    return firstNames(this, Parameter);
  }

  /** Saved, untrained tensors by the reference's name. */
  namedBuffers(): Map<string, Buffer> {
    return firstNames(this, Buffer);
  }

  /**
   * This module under `''` and all below it, by name. One that `fieldNames` lifts has no name of its own in a state dict
   * and goes by its field here.
   */
  namedModules(): Map<string, Module> {
    const found = new Map<string, Module>([['', this]]);
    const seen = new Set<TreeNode>([this]);
    walkTree(this, {
      node: (name, node, path) => {
        if (seen.has(node)) return;
        seen.add(node);
        const free = found.has(name) ? path : name;
        if (found.has(free))
          throw new InvalidOptionError(this.constructor.name, 'fieldNames', 'names that are unique', free);
        found.set(free, node as Module);
      },
    });
    return found;
  }

  /**
   * Values of all parameters and buffers, in the reference's layout. Reads the variables, so not inside `compile()`, and on
   * a device whose memory is not the host's only after `await fetched()` of @selfsup/ssl-tensor.
   */
  stateDict(): StateDict {
    const state = new StateInTransit(new Map());
    for (const [entry, [name]] of statesOf(this)) state.tensors.set(name!, entry.read());
    walkTree(this, {
      node: (name, node) => (node as Module).completeStateDict(new StateEntries(state, name)),
    });
    this.completeStateDict(new StateEntries(state, ''));
    return state.tensors;
  }

  /**
   * Assigns parameters and buffers from a state dict. Nothing is assigned when anything does not fit.
   *
   * @param state by the reference's names, or others that the modules of the tree can read; of tied tensors any one name
   *   suffices, and several must have one value
   * @param options.strict default true: missing and unexpected names throw; false: they are returned
   * @throws CheckpointError naming the entries that do not fit; wrong shapes and element types always throw
   */
  loadStateDict(state: ReadonlyMap<string, NdArray>, options: LoadStateOptions = {}): LoadStateResult {
    checkOptions('Module.loadStateDict', options, loadStateOptionNames);
    checkStateDict(this.constructor.name, state);
    const upgraded = new StateInTransit(state);
    this.upgradeStateDict(new StateEntries(upgraded, ''));
    walkTree(this, {
      node: (name, node) => (node as Module).upgradeStateDict(new StateEntries(upgraded, name)),
    });
    return loadState(this.constructor.name, statesOf(this), upgraded, options);
  }

  /**
   * Hook: makes what an older version or another library has saved of this module into what it reads. Called on every
   * load of a tree that has this module, the outer modules first, with the entries below it by its own names.
   *
   * @example
   * protected override upgradeStateDict(state: StateEntries): void {
   *   state.rename('gamma', 'weight');
   * }
   */
  protected upgradeStateDict(_state: StateEntries): void {}

  /** Hook: adds to a state dict what others read of this module besides its own names, such as a second name, or renames. */
  protected completeStateDict(_state: StateEntries): void {}

  /** Count of trainable numbers. */
  parameterCount(): number {
    let count = 0;
    for (const { variable } of this.namedParameters().values()) count += variable.size;
    return count;
  }

  /** Frees all variables. The module cannot be used afterwards. */
  dispose(): void {
    for (const state of statesOf(this).keys()) state.dispose();
  }
}

/** The states of one kind by their first name. */
function firstNames<T extends ModuleState>(module: Module, kind: abstract new (...args: never[]) => T): Map<string, T> {
  const found = new Map<string, T>();
  for (const [state, [name]] of statesOf(module)) if (state instanceof kind) found.set(name!, state);
  return found;
}

/** Every state once, with all its names. */
function statesOf(module: Module): Map<ModuleState, string[]> {
  const states = new Map<ModuleState, string[]>();
  const owner = new Map<string, ModuleState>();
  walkTree(module, {
    state: (name, state) => {
      if (owner.has(name) && owner.get(name) !== state)
        throw new InvalidOptionError(module.constructor.name, 'fieldNames', 'names that are unique', name);
      owner.set(name, state);
      const names = states.get(state);
      if (names === undefined) states.set(state, [name]);
      else if (!names.includes(name)) names.push(name);
    },
  });
  return states;
}

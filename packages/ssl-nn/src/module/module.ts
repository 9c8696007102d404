import type * as tf from '@tensorflow/tfjs-core';
import { checkOptions, InvalidOptionError, type NdArray } from '@selfsup/ssl-tensor/host';
import type { ForwardContext } from './forward-context.js';
import { loadState, loadStateOptionNames, type LoadStateOptions, type LoadStateResult } from './load-state.js';
import { Buffer, ModuleState, Parameter } from './parameter.js';
import type { StateDict } from './state-dict.js';

/** A module that maps one tensor to one tensor, as {@link Sequential} chains them. */
export interface UnaryModule extends Module {
  forward(x: tf.Tensor, ctx?: ForwardContext): tf.Tensor;
}

interface Visitor {
  module(name: string, module: Module): void;
  state(name: string, state: ModuleState): void;
}

/**
 * Base class of everything that has weights. The tree is the object's own fields: a field that holds a Module, Parameter
 * or Buffer, or an array of them, is a child under the field's name (`blocks.0`). Private `#fields` are not children.
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
export abstract class Module {
  /**
   * The reference's names of fields that are called otherwise here. A name of `''` lifts the field's children one level
   * up. Subclasses add to the names of their base class.
   */
  static readonly fieldNames: Readonly<Record<string, string>> = {};

  /** Trainable tensors by the reference's name, in the order of the fields. */
  namedParameters(): Map<string, Parameter> {
    return this.#first(Parameter);
  }

  /** Saved, untrained tensors by the reference's name. */
  namedBuffers(): Map<string, Buffer> {
    return this.#first(Buffer);
  }

  /** This module under `''` and all below it, by name. */
  namedModules(): Map<string, Module> {
    const found = new Map<string, Module>([['', this]]);
    const seen = new Set<Module>([this]);
    this.#walk('', new Set(), {
      module: (name, module) => {
        if (seen.has(module)) return;
        seen.add(module);
        found.set(name, module);
      },
      state: () => undefined,
    });
    return found;
  }

  /**
   * Values of all parameters and buffers, in the reference's layout. Reads the variables, so not inside `compile()`, and on
   * a device whose memory is not the host's only after `await fetched()` of @selfsup/ssl-tensor.
   */
  stateDict(): StateDict {
    const state: StateDict = new Map();
    for (const [entry, [name]] of this.#states()) state.set(name!, entry.read());
    return state;
  }

  /**
   * Assigns parameters and buffers from a state dict. Nothing is assigned when anything does not fit.
   *
   * @param state by the reference's names; of tied tensors any one name suffices, and several must have one value
   * @param options.strict default true: missing and unexpected names throw; false: they are returned
   * @throws CheckpointError naming the entries that do not fit; wrong shapes and element types always throw
   */
  loadStateDict(state: ReadonlyMap<string, NdArray>, options: LoadStateOptions = {}): LoadStateResult {
    checkOptions('Module.loadStateDict', options, loadStateOptionNames);
    return loadState(this.constructor.name, this.#states(), state, options);
  }

  /** Count of trainable numbers. */
  parameterCount(): number {
    let count = 0;
    for (const { variable } of this.namedParameters().values()) count += variable.size;
    return count;
  }

  /** Frees all variables. The module cannot be used afterwards. */
  dispose(): void {
    for (const state of this.#states().keys()) state.dispose();
  }

  #first<T extends ModuleState>(kind: abstract new (...args: never[]) => T): Map<string, T> {
    const found = new Map<string, T>();
    for (const [state, [name]] of this.#states()) if (state instanceof kind) found.set(name!, state);
    return found;
  }

  /** Every state once, with all its names. */
  #states(): Map<ModuleState, string[]> {
    const states = new Map<ModuleState, string[]>();
    const owner = new Map<string, ModuleState>();
    this.#walk('', new Set(), {
      module: () => undefined,
      state: (name, state) => {
        if (owner.has(name) && owner.get(name) !== state)
          throw new InvalidOptionError(this.constructor.name, 'fieldNames', 'names that are unique', name);
        owner.set(name, state);
        const names = states.get(state);
        if (names === undefined) states.set(state, [name]);
        else if (!names.includes(name)) names.push(name);
      },
    });
    return states;
  }

  #walk(prefix: string, ancestors: ReadonlySet<Module>, visitor: Visitor): void {
    const path = new Set(ancestors).add(this);
    const join = (outer: string, name: string): string =>
      outer === '' ? name : name === '' ? outer : `${outer}.${name}`;
    const visit = (value: unknown, name: string): void => {
      if (value instanceof ModuleState) visitor.state(name, value);
      else if (value instanceof Module && !path.has(value)) {
        visitor.module(name, value);
        value.#walk(name, path, visitor);
      } else if (Array.isArray(value)) value.forEach((item: unknown, index) => visit(item, join(name, String(index))));
    };
    for (const [field, value] of Object.entries(this)) visit(value, join(prefix, this.#nameOf(field)));
  }

  #nameOf(field: string): string {
    for (let type: unknown = this.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
      const names = (type as { fieldNames?: Readonly<Record<string, string>> }).fieldNames;
      if (names !== undefined && Object.hasOwn(names, field)) return names[field]!;
    }
    return field;
  }
}

import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { withoutStates } from './foreign-states.js';
import { holdingsOf, isLeaf, isRecord, isTensor } from './holdings.js';
import { Module } from './module.js';
import { ModuleState } from './parameter.js';
import { mayHavePrivateNames } from './private-names.js';
import { TreeNode } from './tree-node.js';
import { joined, walkTree } from './walk-tree.js';

/**
 * A module of the same classes and values with variables of its own: what a momentum method's teacher starts as. A
 * tensor or module that is reachable twice is one in the twin too. Lists, records, Maps, Sets and arrays of numbers in
 * fields are copied; tensors, and objects of other classes, are shared. Reads the variables, so not inside `compile()`.
 *
 * A function in a field is shared, and must not reach for weights of the original: a call that does is an error.
 *
 * @throws InvalidOptionError for what is no Module, and where a class has `#private` members, which JavaScript keeps from
 *   every copy; a function in a field is bound to the original; or an object of another class holds weights
 *
 * @example
 * const teacher = twinOf(student);
 */
export function twinOf<M extends Module>(module: M): M {
  if (!(module instanceof Module)) throw new InvalidOptionError('twinOf', 'module', 'a Module', module);
  const states = new Set<object>();
  walkTree(module, { state: (_, state) => states.add(state) });
  const made: tf.Variable[] = [];
  try {
    return copyValue(module, '', { states, made, twins: new Map() }) as M;
  } catch (error) {
    tf.dispose(made);
    throw error;
  }
}

interface Twins {
  readonly states: ReadonlySet<object>;
  readonly made: tf.Variable[];
  readonly twins: Map<unknown, unknown>;
}

function copyValue(value: unknown, path: string, all: Twins): unknown {
  if (all.twins.has(value)) return all.twins.get(value);
  if (typeof value === 'function') return guarded(value as (...args: unknown[]) => unknown, path, all);
  if (isLeaf(value)) {
    if (typeof value !== 'object' || value === null || value instanceof ArrayBuffer) return value;
    return kept(all, value, isTensor(value) ? ofTensor(value as tf.Tensor, all) : structuredClone(value));
  }
  const object = value as object;
  if (object instanceof TreeNode || object instanceof ModuleState) checkCopyable(object, path);
  else if (!isContainer(object)) {
    const { own, foreign } = holdingsOf(object);
    if (own.size > 0 || foreign)
      throw new InvalidOptionError(
        'twinOf',
        path,
        'no object that holds modules and is no Module',
        object,
        `Let ${object.constructor.name} extend Module`,
      );
    return object;
  }
  if (object instanceof Map) {
    const map = kept(all, value, new Map<unknown, unknown>());
    for (const [key, item] of object as Map<unknown, unknown>)
      map.set(copyValue(key, path, all), copyValue(item, joined(path, String(key)), all));
    return map;
  }
  if (object instanceof Set) {
    const set = kept(all, value, new Set<unknown>());
    for (const item of object as Set<unknown>) set.add(copyValue(item, path, all));
    return set;
  }
  const copy = kept(
    all,
    value,
    Array.isArray(object) ? [] : (Object.create(Object.getPrototypeOf(object) as object | null) as object),
  );
  for (const key of Reflect.ownKeys(object)) {
    const field = Object.getOwnPropertyDescriptor(object, key)!;
    if ('value' in field) field.value = copyValue(field.value, joined(path, String(key)), all);
    Object.defineProperty(copy, key, field);
  }
  if (Object.isFrozen(object)) Object.freeze(copy);
  return copy;
}

function kept<T>(all: Twins, value: unknown, copy: T): T {
  all.twins.set(value, copy);
  return copy;
}

function isContainer(value: object): boolean {
  const plain: unknown[] = [Array.prototype, Map.prototype, Set.prototype];
  return isRecord(value) || plain.includes(Object.getPrototypeOf(value));
}

function ofTensor(value: tf.Tensor, all: Twins): tf.Tensor {
  if (!(value instanceof tf.Variable)) return value;
  const { shape, dtype, trainable } = value;
  const copy = tf.tidy(() => tf.variable(tf.tensor(value.dataSync().slice(), shape, dtype), trainable));
  all.made.push(copy);
  return copy;
}

/** The function, with an eye on what it reaches for. */
function guarded(value: (...args: unknown[]) => unknown, path: string, all: Twins): unknown {
  const text = Function.prototype.toString.call(value);
  if (text.startsWith('class')) return value;
  const isArrow = !/^(?:async\s+)?function\b/.test(text) && /^[^{]*=>/.test(text);
  if (value.name.startsWith('bound ') || (isArrow && /\bthis\b/.test(text)))
    throw new InvalidOptionError(
      'twinOf',
      path,
      'a function that is not bound to its module',
      value,
      'Make it a method of the class',
    );
  return kept(
    all,
    value,
    new Proxy(value, {
      apply: (target, self, args) => withoutStates(all.states, () => Reflect.apply(target, self, args) as unknown),
    }),
  );
}

/** @throws InvalidOptionError where an object's class, or one that it extends, has private members */
function checkCopyable(object: object, path: string): void {
  for (
    let type: unknown = object.constructor;
    typeof type === 'function' && type.prototype instanceof Object;
    type = Object.getPrototypeOf(type)
  ) {
    if (type === Module || type === TreeNode || type === ModuleState || !mayHavePrivateNames(type)) continue;
    throw new InvalidOptionError(
      'twinOf',
      path === '' ? 'module' : path,
      'made of classes without #private members, which no copy of an object gets',
      object,
      `Write TypeScript's private in place of # in ${type.name}, or make a second module as the first was made and give it the state dict, second.loadStateDict(first.stateDict())`,
    );
  }
}

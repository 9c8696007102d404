import { ModuleState } from './parameter.js';
import { TreeNode } from './tree-node.js';

/** What a container may hold that must not be lost. */
export interface Holdings {
  /** Modules and states, without what is inside them. */
  readonly own: ReadonlySet<TreeNode | ModuleState>;
  /** Whether there is a module of another copy of this package. */
  readonly foreign: boolean;
}

/** True for a tensor of TensorFlow.js, variables included. */
export function isTensor(value: object): boolean {
  return 'dataId' in value && 'dtype' in value && 'shape' in value;
}

/** True for an object literal, or one without a prototype. */
export function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** True for what has no fields worth a look, however large: numbers in memory, tensors, functions. */
export function isLeaf(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  return value instanceof ArrayBuffer || isTensor(value);
}

/** The modules and states in a value, through lists, records, Maps, Sets and the enumerable fields of other objects. */
export function holdingsOf(container: unknown): Holdings {
  const own = new Set<TreeNode | ModuleState>();
  let foreign = false;
  const seen = new Set<unknown>();
  // A list of its own in place of recursion: data may be nested deeper than the stack is.
  const waiting: unknown[] = [container];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (isLeaf(value) || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof TreeNode || value instanceof ModuleState) own.add(value);
    else if (isForeignModule(value as object)) foreign = true;
    else for (const inner of contentsOf(value as object)) waiting.push(inner);
  }
  return { own, foreign };
}

/** What a container holds at its first level; accessors are not called. */
function* contentsOf(value: object): Generator<unknown> {
  if (Array.isArray(value)) yield* value as unknown[];
  else {
    if (value instanceof Map) for (const entry of value as Map<unknown, unknown>) yield* entry;
    if (value instanceof Set) yield* value as Set<unknown>;
    for (const key of Object.keys(value)) yield Object.getOwnPropertyDescriptor(value, key)?.value;
  }
}

function isForeignModule(value: object): boolean {
  if (isRecord(value)) return false;
  const { namedParameters, loadStateDict } = value as { namedParameters?: unknown; loadStateDict?: unknown };
  return typeof namedParameters === 'function' && typeof loadStateDict === 'function';
}

import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { TreeNode } from './tree-node.js';

/** Takes the output of a call. */
export type Recorder = (output: unknown) => void;

interface Call {
  /** What the module gave out, where its call computes more than that. */
  own?: { readonly output: unknown };
}
interface Watch {
  readonly recorders: Set<Recorder>;
  readonly starts: Set<() => void>;
  readonly calls: Call[];
  readonly restore: () => void;
}

const watches = new WeakMap<object, Watch>();

/** Whether somebody wants the output of a module; one that runs as a part of another's pass over memory then runs alone. */
export function isCaptured(module: object): boolean {
  return watches.has(module);
}

/** Says what the output of the present call is, of a module whose call computes more than that. */
export function setOutput(module: object, output: unknown): void {
  const call = watches.get(module)?.calls[0];
  if (call !== undefined) call.own = { output };
}

/**
 * Gives a recorder the output of each call of a module's `forward` or other method of that beginning; calls of one
 * within another count as one. Ends when the function that it returns is called.
 *
 * @param onStart called where such a call begins
 * @throws InvalidOptionError for a module that is frozen or has no such method
 */
export function watchCalls(module: TreeNode, recorder: Recorder, onStart?: () => void): () => void {
  let watch = watches.get(module);
  if (watch === undefined) {
    watch = { recorders: new Set(), starts: new Set(), calls: [], restore: patched(module) };
    watches.set(module, watch);
  }
  const { recorders, starts, restore } = watch;
  recorders.add(recorder);
  if (onStart !== undefined) starts.add(onStart);
  return () => {
    recorders.delete(recorder);
    if (onStart !== undefined) starts.delete(onStart);
    if (recorders.size > 0) return;
    watches.delete(module);
    restore();
  };
}

type Method = (...args: unknown[]) => unknown;

/** Puts methods of its own before those of the class; returns what takes them away. */
function patched(module: TreeNode): () => void {
  const names = methodsOf(module);
  if (names.size === 0 || !Object.isExtensible(module))
    throw new InvalidOptionError('captured', 'names', 'of modules that have forward() and are not frozen', module);
  const before = [...names].map((name) => [name, Object.getOwnPropertyDescriptor(module, name)] as const);
  for (const name of names) {
    const method = Reflect.get(module, name) as Method;
    const value = (...args: unknown[]): unknown => observed(module, () => Reflect.apply(method, module, args));
    Object.defineProperty(module, name, { value, configurable: true, writable: true, enumerable: false });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(module, name);
      else Object.defineProperty(module, name, descriptor);
    }
  };
}

/** Whether calls of a module can be watched. */
export function hasForward(module: object): boolean {
  return Object.isExtensible(module) && methodsOf(module).size > 0;
}

function methodsOf(module: object): Set<string> {
  const names = new Set<string>();
  for (let at: object | null = module; at !== null; at = Object.getPrototypeOf(at) as object | null)
    for (const name of Object.getOwnPropertyNames(at))
      if (/^forward(?![a-z])/.test(name) && typeof Reflect.get(module, name) === 'function') names.add(name);
  return names;
}

function observed(module: object, call: () => unknown): unknown {
  const watch = watches.get(module);
  if (watch === undefined || watch.calls.length > 0) return call();
  for (const start of watch.starts) start();
  const frame: Call = {};
  watch.calls.push(frame);
  let output: unknown;
  try {
    output = call();
  } finally {
    watch.calls.pop();
  }
  for (const record of watch.recorders) record(frame.own === undefined ? output : frame.own.output);
  return output;
}

import type * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../graph/value.js';
import { RecordedTensor } from './run-trace.js';

/** Stands for result `index` in the tree of results. */
export class ResultPlace {
  constructor(readonly index: number) {}
}

/** What a function returned, with something else in place of its tensors. */
export function replaceValues(tree: unknown, visit: (value: Value) => unknown): unknown {
  if (tree instanceof RecordedTensor) return visit(tree.value);
  return mapTree(tree, (item) => replaceValues(item, visit));
}

/** The tree with tensors in the places of the results. */
export function fillPlaces(tree: unknown, tensors: readonly tf.Tensor[]): unknown {
  if (tree instanceof ResultPlace) return tensors[tree.index];
  return mapTree(tree, (item) => fillPlaces(item, tensors));
}

function mapTree(tree: unknown, visit: (item: unknown) => unknown): unknown {
  if (Array.isArray(tree)) return tree.map(visit);
  if (typeof tree === 'object' && tree !== null && Object.getPrototypeOf(tree) === Object.prototype) {
    return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, visit(item)]));
  }
  return tree;
}

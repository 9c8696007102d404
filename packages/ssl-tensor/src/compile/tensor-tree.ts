import * as tf from '@tensorflow/tfjs-core';

/** Applies `visit` to every tensor in nested arrays and plain records; other values stay. */
export function mapTensors(tree: unknown, visit: (tensor: tf.Tensor) => unknown): unknown {
  if (tree instanceof tf.Tensor) return visit(tree);
  if (Array.isArray(tree)) return tree.map((item) => mapTensors(item, visit));
  if (typeof tree === 'object' && tree !== null && Object.getPrototypeOf(tree) === Object.prototype) {
    return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, mapTensors(item, visit)]));
  }
  return tree;
}

import * as tf from '@tensorflow/tfjs-core';
import { tensorReader, type TfjsEngine, tfjsEngine } from '../backend/tfjs-internals.js';

/** Tells tensors with a number below `id` from those made later. */
export function olderThan(id: number): (tensor: unknown) => tensor is tf.Tensor {
  return (tensor): tensor is tf.Tensor => tensor instanceof tf.Tensor && tensor.id < id;
}

/** Runs `body` and tells of whatever a kernel, a custom op or JavaScript takes the value of. */
export function watchingUses<T>(onUse: (value: unknown) => void, body: () => T): T {
  const engine = tfjsEngine();
  const isWatched = Object.hasOwn(engine, 'runKernelFunc');
  const { runKernelFunc } = engine;
  const prototype = tensorReader();
  const { dataSync } = prototype;
  engine.runKernelFunc = function (call) {
    Object.values(call.inputs).forEach(onUse);
    return runKernelFunc.call(engine, call);
  };
  prototype.dataSync = function () {
    onUse(this);
    return dataSync.call(this);
  };
  try {
    return body();
  } finally {
    prototype.dataSync = dataSync;
    // An own property hid the method of the class.
    if (isWatched) engine.runKernelFunc = runKernelFunc;
    else delete (engine as Partial<TfjsEngine>).runKernelFunc;
  }
}

import * as tf from '@tensorflow/tfjs-core';

/** What TF.js keeps of an op for its gradient. */
export interface TapeNode {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly saved: tf.Tensor[];
  /** `null` for the gradient of a result that nobody used. */
  gradient?: (this: TapeNode, dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

interface KernelCall {
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** TF.js's engine with what its types leave out: the tape of ops that gradients are made from. */
export interface RecordingEngine {
  readonly state: { activeTape: TapeNode[] | null; readonly gradientDepth: number };
  nextTensorId(): number;
  /** True while ops are recorded. */
  isTapeOn(): boolean;
  /** Runs every kernel and custom op. */
  runKernelFunc: (call: KernelCall) => unknown;
}

/** What reads a tensor's value at once; `arraySync` calls it. */
interface Reader {
  dataSync: (this: unknown) => unknown;
}

export function recordingEngine(): RecordingEngine {
  return tf.engine() as unknown as RecordingEngine;
}

/** Tells tensors with a number below `id` from those made later. */
export function olderThan(id: number): (tensor: unknown) => tensor is tf.Tensor {
  return (tensor): tensor is tf.Tensor => tensor instanceof tf.Tensor && tensor.id < id;
}

/** Runs `body` and tells of whatever a kernel, a custom op or JavaScript takes the value of. */
export function watchingUses<T>(onUse: (value: unknown) => void, body: () => T): T {
  const engine = recordingEngine();
  const isWatched = Object.hasOwn(engine, 'runKernelFunc');
  const { runKernelFunc } = engine;
  const prototype = tf.Tensor.prototype as unknown as Reader;
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
    else delete (engine as Partial<RecordingEngine>).runKernelFunc;
  }
}

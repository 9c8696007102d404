/**
 * All that is used of TF.js 4.22 beyond what its types allow, in this file alone (test/structure/engine-memory.test.ts):
 * what another version may change without a word.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

/** Keeps tensors for the gradient; does nothing where none is asked for. */
export type Save = (tensors: readonly tf.Tensor[]) => void;

/** What TF.js keeps of an op for its gradient. */
export interface TapeNode {
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  /** What the op has saved for its gradient. */
  readonly saved: tf.Tensor[];
  /** Called as a method; `null` for the gradient of a result that nobody used. */
  gradient?: (this: TapeNode, dys: readonly (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** A kernel or custom op as TF.js's engine runs it. */
export interface EngineCall {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly forwardFunc?: (backend: unknown, save: Save) => tf.Tensor[];
  readonly backwardsFunc?: (
    dys: tf.Tensor | readonly tf.Tensor[],
    saved: readonly tf.Tensor[],
  ) => Record<number, () => tf.Tensor>;
}

/** TF.js's engine with what its types leave out. */
export interface TfjsEngine {
  readonly state: {
    /** Ops that gradients are made from; null outside of any. The engine's type has it without its nodes. */
    activeTape: TapeNode[] | null;
    /** How many gradients within gradients are being computed. */
    readonly gradientDepth: number;
    /** Who holds a data id, and the shape of the tensor that it was made for. */
    readonly tensorInfo: WeakMap<object, { readonly backend: tf.KernelBackend; shape: number[] }>;
  };
  /** The number that the next tensor gets; private. */
  nextTensorId(): number;
  /** True while ops are recorded for gradients. */
  isTapeOn(): boolean;
  /** Runs every kernel and custom op; private. Set for a while to see them all. */
  runKernelFunc: (call: EngineCall) => tf.Tensor[];
  /** Notes every op that has a gradient; private. Set for a while to see them all. */
  addTapeNode: (...args: unknown[]) => void;
}

export function tfjsEngine(): TfjsEngine {
  return tf.engine() as unknown as TfjsEngine;
}

/** A tensor's fields that say what it holds and whether it still does: the second is protected, the first read-only to users. */
export interface TensorFields {
  dataId: tf.DataId;
  isDisposedInternal: boolean;
}

export function fieldsOf(tensor: tf.Tensor): TensorFields {
  return tensor as unknown as TensorFields;
}

/** What reads a tensor's value at once; `arraySync` calls it. On the prototype of all tensors, and set for a while. */
export function tensorReader(): { dataSync: (this: unknown) => unknown } {
  return tf.Tensor.prototype as unknown as { dataSync: (this: unknown) => unknown };
}

/** Without the CPU backend's advice to install tfjs-node at its first write: `firstUse` is private. */
export function withoutAdvice(cpuBackend: object): void {
  (cpuBackend as { firstUse: boolean }).firstUse = false;
}

/** What tf.layers' dropout layers have beyond every layer: the rate is protected, the shape of the noise private. */
export interface DropoutLayer extends Layer {
  readonly rate: number;
  getNoiseShape(input: tf.Tensor): number[] | null | undefined;
}

type Layer = LayersModel['layers'][number];

export function isDropout(layer: Layer): layer is DropoutLayer {
  return 'rate' in layer && typeof (layer as Partial<DropoutLayer>).getNoiseShape === 'function';
}

/** The layers of a layer that is a model itself. */
export function layersWithin(layer: Layer): readonly Layer[] | undefined {
  return 'layers' in layer ? (layer as unknown as LayersModel).layers : undefined;
}

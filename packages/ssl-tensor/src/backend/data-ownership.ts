import * as tf from '@tensorflow/tfjs-core';
import { tfjsEngine } from './tfjs-internals.js';

/** The backend that holds a data id, if any does. */
export function ownerOf(dataId: tf.DataId): tf.KernelBackend | undefined {
  return tfjsEngine().state.tensorInfo.get(dataId)?.backend;
}

/** Points a variable at a data id that it has no reference to yet, keeping TF.js's reference counts and memory figures right. */
export function rebind(variable: tf.Variable, dataId: tf.DataId, backend: tf.KernelBackend): void {
  tf.engine().disposeTensor(variable);
  variable.dataId = dataId;
  tf.engine().trackTensor(variable, backend);
  backend.incRef(dataId);
}

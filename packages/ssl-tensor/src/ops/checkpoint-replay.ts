import * as tf from '@tensorflow/tfjs-core';
import { ownerOf, rebind } from '../backend/data-ownership.js';
import { holdVariables } from '../backend/held-variables.js';
import { fieldsOf, type TensorFields } from '../backend/tfjs-internals.js';
import { activeTrace } from '../compile/active-trace.js';

/** A tensor or variable as something saw it: the data that it had then, and a copy that keeps that data alive. */
export interface Seen {
  readonly tensor: tf.Tensor;
  readonly dataId: tf.DataId;
  readonly copy: tf.Tensor;
}

/**
 * Runs `body` with tensors and variables holding what they held when they were seen, also those that have been disposed of
 * since; inside compile(), what they hold is there only when `signals` are. Afterwards everything is as before, whatever
 * `body` has assigned.
 */
export function replaying<T>(seen: readonly Seen[], signals: readonly tf.Tensor[], body: () => T): T {
  const copies = seen.map(({ copy }) => copy);
  const held = activeTrace()?.after(signals, copies) ?? copies;
  const variables = holdVariables();
  const putBack: (() => void)[] = [];
  try {
    seen.forEach(({ tensor, dataId, copy }, index) => {
      const { dataId: replayed } = held[index]!;
      if (tensor instanceof tf.Variable) {
        if (tensor.dataId !== dataId || held[index] !== copy) rebind(tensor, replayed, ownerOf(replayed)!);
        return;
      }
      const handle = fieldsOf(tensor);
      const own: TensorFields = { dataId: handle.dataId, isDisposedInternal: handle.isDisposedInternal };
      putBack.push(() => Object.assign(handle, own));
      Object.assign(handle, { dataId: replayed, isDisposedInternal: false });
    });
    return body();
  } finally {
    for (const put of putBack) put();
    variables.restore();
    variables.release();
  }
}

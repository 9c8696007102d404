import * as tf from '@tensorflow/tfjs-core';
import { ownerOf, rebind } from './data-ownership.js';

/** The values of all variables at one moment. */
export interface HeldVariables {
  readonly dataIds: ReadonlyMap<tf.Variable, tf.DataId>;
  /** Gives variables that have been assigned since their values back. */
  restore(): void;
  /** Ends it: values that nobody else holds are gone. */
  release(): void;
}

/** Takes a reference to each variable's value, which keeps it through assignments. */
export function holdVariables(): HeldVariables {
  const dataIds = new Map(
    Object.values(tf.engine().registeredVariables).map((variable) => [variable, variable.dataId] as const),
  );
  for (const dataId of dataIds.values()) ownerOf(dataId)?.incRef(dataId);
  return {
    dataIds,
    restore: () => {
      for (const [variable, dataId] of dataIds) {
        const owner = ownerOf(dataId);
        if (owner !== undefined && !variable.isDisposed && variable.dataId !== dataId) rebind(variable, dataId, owner);
      }
    },
    release: () => {
      for (const dataId of dataIds.values()) ownerOf(dataId)?.disposeData(dataId);
    },
  };
}

import * as tf from '@tensorflow/tfjs-core';
import { KeptVariables } from './kept-variables.js';
import type { Place } from './place.js';

/** Variables that an update may assign. */
export interface UpdatedVariables {
  /** Assigned by forward passes too: running statistics, the method's state. */
  readonly statistics: readonly tf.Variable[];
  /** Assigned at an update alone: parameters, the optimiser's state, what follows by EMA. */
  readonly updated: readonly tf.Variable[];
}

/** What a variable held before a batch. */
interface Held {
  readonly value: tf.Tensor;
  readonly dataId: object;
}

/** The values that variables had before an update, for the case that it does not happen. Everything inside `compile()`. */
export class SkippableUpdate {
  readonly #variables: UpdatedVariables;
  readonly #accumulateSteps: number;
  /** Statistics before the first batch of an update; made by that batch. */
  readonly #kept = new KeptVariables<tf.Variable>();

  /** @param variables all that an update may assign; none where no update is skipped */
  constructor(variables: UpdatedVariables, accumulateSteps: number) {
    this.#variables = variables;
    this.#accumulateSteps = accumulateSteps;
  }

  /** Notes what variables hold, before a batch. */
  before(place: Place): ReadonlyMap<tf.Variable, Held> {
    const { statistics, updated } = this.#variables;
    if (place === 'first')
      for (const variable of statistics) this.#kept.of(variable, variable).assign(tf.clone(variable));
    if (place === 'first' || place === 'middle') return new Map();
    const held = new Map<tf.Variable, Held>();
    for (const variable of updated) held.set(variable, { value: tf.clone(variable), dataId: variable.dataId });
    for (const variable of statistics) {
      const value = tf.clone(this.#accumulateSteps === 1 ? variable : this.#kept.of(variable, variable));
      held.set(variable, { value, dataId: this.#accumulateSteps === 1 ? variable.dataId : {} });
    }
    return held;
  }

  /**
   * Gives variables their old values back where any of `skips` holds.
   *
   * @param skips boolean scalars, at least one
   * @param before of the same batch
   * @returns 1 where the update is skipped, else 0
   */
  keepWhere(skips: readonly tf.Scalar[], before: ReadonlyMap<tf.Variable, Held>): tf.Scalar {
    const skip = skips.reduce((any, next) => tf.logicalOr(any, next));
    for (const [variable, { value, dataId }] of before)
      // What nothing assigned holds its old value anyway.
      if (variable.dataId !== dataId) variable.assign(tf.where(skip, value, variable));
    return tf.cast(skip, 'float32');
  }

  dispose(): void {
    this.#kept.dispose();
  }
}

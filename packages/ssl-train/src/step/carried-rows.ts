import * as tf from '@tensorflow/tfjs-core';
import { KeptVariables } from './kept-variables.js';

/** Rows that the batches of one update hand on to its end, by name. Lives in variables between the calls of a step. */
export class CarriedRows {
  readonly #accumulateSteps: number;
  readonly #kept = new KeptVariables<string>();

  constructor(accumulateSteps: number) {
    this.#accumulateSteps = accumulateSteps;
  }

  /**
   * Keeps a batch's rows for the last batch of the update: the oldest go, these come behind. After all batches but the
   * last, what is kept is those batches in their order. Inside `compile()`.
   */
  keep(rows: Readonly<Record<string, tf.Tensor>>): void {
    for (const [name, value] of Object.entries(rows)) {
      const kept = this.#keptOf(name, value);
      const [count, all] = [value.shape[0]!, kept.shape[0]!];
      kept.assign(all === count ? tf.clone(value) : tf.concat([tf.slice(kept, count, all - count), value]));
    }
  }

  /** The rows of all batches of the update, joined along the first axis in the order of the batches. */
  all(rows: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> {
    if (this.#accumulateSteps === 1) return { ...rows };
    return Object.fromEntries(
      Object.entries(rows).map(([name, value]) => [name, tf.concat([this.#keptOf(name, value), value])]),
    );
  }

  dispose(): void {
    this.#kept.dispose();
  }

  #keptOf(name: string, { shape, dtype }: tf.Tensor): tf.Variable {
    const [rows, ...rest] = shape;
    const wanted = [(this.#accumulateSteps - 1) * rows!, ...rest];
    return this.#kept.of(`${name} ${dtype} ${wanted.join()}`, { shape: wanted, dtype });
  }
}

import * as tf from '@tensorflow/tfjs-core';

/** Rows that the batches of one update hand on to its end, by name. Lives in variables between the calls of a step. */
export class CarriedRows {
  readonly #accumulateSteps: number;
  readonly #kept = new Map<string, tf.Variable>();

  constructor(accumulateSteps: number) {
    this.#accumulateSteps = accumulateSteps;
  }

  /** Whether anything is carried, as far as steps were traced. */
  get isUsed(): boolean {
    return this.#kept.size > 0;
  }

  /**
   * Keeps a batch's rows for the last batch of the update. Inside `compile()`; the first batch of an update makes the
   * variables.
   */
  keep(rows: Readonly<Record<string, tf.Tensor>>): void {
    for (const [name, value] of Object.entries(rows)) this.#variableOf(name, value).assign(this.#shifted(name, value));
  }

  /** The rows of all batches of the update, joined along the first axis in the order of the batches. */
  all(rows: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> {
    if (this.#accumulateSteps === 1) return { ...rows };
    return Object.fromEntries(
      Object.entries(rows).map(([name, value]) => [name, tf.concat([this.#variableOf(name, value), value])]),
    );
  }

  dispose(): void {
    for (const variable of this.#kept.values()) variable.dispose();
  }

  /** Oldest rows out, the batch's in: after all batches but the last, what is kept is those batches in their order. */
  #shifted(name: string, value: tf.Tensor): tf.Tensor {
    const kept = this.#variableOf(name, value);
    const rows = value.shape[0]!;
    if (kept.shape[0] === rows) return tf.clone(value);
    const older = tf.slice(kept, rows, kept.shape[0]! - rows);
    return tf.concat([older, value]);
  }

  #variableOf(name: string, { shape, dtype }: tf.Tensor): tf.Variable {
    const [rows, ...rest] = shape;
    const wanted = [(this.#accumulateSteps - 1) * rows!, ...rest];
    const key = `${name} ${dtype} ${wanted.join()}`;
    const found = this.#kept.get(key);
    if (found !== undefined) return found;
    const made = tf.variable(tf.zeros(wanted, dtype as 'float32'), false);
    this.#kept.set(key, made);
    return made;
  }
}

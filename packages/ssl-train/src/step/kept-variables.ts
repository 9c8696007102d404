import * as tf from '@tensorflow/tfjs-core';

/** Untrained variables of zeros by key, each made when it is first asked for: what a step keeps between its calls. */
export class KeptVariables<K> {
  readonly #variables = new Map<K, tf.Variable>();

  /** The variable of a key; where there is none yet, of this shape and type. Eagerly or inside `compile()`. */
  of(key: K, { shape, dtype }: { readonly shape: number[]; readonly dtype: tf.DataType }): tf.Variable {
    const found = this.#variables.get(key);
    if (found !== undefined) return found;
    const made = tf.variable(tf.zeros(shape, dtype), false);
    this.#variables.set(key, made);
    return made;
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}

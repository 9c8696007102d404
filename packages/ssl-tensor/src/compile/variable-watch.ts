import * as tf from '@tensorflow/tfjs-core';
import { UnsupportedOpError } from '@selfsup/ssl-core';

const written = new WeakSet<tf.DataId>();
const moved = new WeakMap<tf.DataId, tf.DataId>();

/** Notes that a run of a compiled function is about to write a variable's value under this data id. */
export function noteWritten(dataId: tf.DataId): void {
  written.add(dataId);
}

/** Notes that a variable holds the same under another data id. */
export function noteMoved(from: tf.DataId, to: tf.DataId): void {
  moved.set(to, from);
}

/**
 * Variables from the call of a compiled function to its end. An assignment by eager code in between would come before the
 * call has read the variable, or be lost where the call assigns it too: the call is refused, and the assignment stands.
 */
export class VariableWatch {
  readonly #name: string;
  readonly #dataIds: Map<tf.Variable, tf.DataId>;
  readonly #overtaken = new Set<tf.Variable>();

  /**
   * @param name the function's name in messages
   * @param variables those that the call may use
   */
  constructor(name: string, variables: Iterable<tf.Variable>) {
    this.#name = name;
    this.#dataIds = new Map(Array.from(variables, (variable) => [variable, variable.dataId]));
  }

  /** Looks which variables eager code has assigned or disposed of since the call. */
  look(): void {
    for (const [variable, before] of this.#dataIds) {
      let { dataId } = variable;
      while (dataId !== before && moved.has(dataId)) dataId = moved.get(dataId)!;
      if (variable.isDisposed || (dataId !== before && !written.has(dataId))) this.#overtaken.add(variable);
      this.#dataIds.set(variable, variable.dataId);
    }
  }

  /**
   * Looks again.
   *
   * @param used what the call does use
   * @throws UnsupportedOpError where one was assigned or disposed of
   */
  check(used: Iterable<object>): void {
    this.look();
    for (const variable of used) {
      if (!(variable instanceof tf.Variable) || !this.#overtaken.has(variable)) continue;
      throw new UnsupportedOpError(
        `variable '${variable.name}'`,
        `was ${variable.isDisposed ? 'disposed of' : 'assigned'} by eager code between a call of '${this.#name}', which uses it, and the end of that call`,
        'Await the call first; this one has assigned nothing',
      );
    }
  }
}

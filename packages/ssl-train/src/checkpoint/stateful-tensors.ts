import * as tf from '@tensorflow/tfjs-core';
import { printable } from '@selfsup/ssl-core';
import type { StateDict } from '@selfsup/ssl-nn';
import type { Stateful } from '@selfsup/ssl-tensor';
import { CheckpointError, copyOf, type NdArray, ndArray } from '@selfsup/ssl-tensor/host';

type Parts = Readonly<Record<string, Stateful>>;

const entriesOf = (parts: Parts): (readonly [name: string, variable: tf.Variable])[] =>
  Object.entries(parts).flatMap(([name, { buffers }]) =>
    Object.entries(buffers).map(([buffer, variable]) => [`${name}.${buffer}`, variable] as const),
  );

/** Copies of all buffers, named `<name>.<buffer>`. Reads variables, so not inside `compile()`. */
export function readBuffers(parts: Parts): StateDict {
  return new Map(
    entriesOf(parts).map(([name, variable]): [string, NdArray] => [
      name,
      ndArray(variable.dataSync().slice() as Float32Array | Int32Array, variable.shape),
    ]),
  );
}

/** @throws CheckpointError naming the buffers that are missing, not expected, or of another shape or type */
export function checkBuffers(state: StateDict, parts: Parts): void {
  const wanted = new Map(entriesOf(parts));
  const stray = [...state.keys()].find((name) => !wanted.has(name));
  if (stray !== undefined)
    throw new CheckpointError(`has '${printable(stray)}', which this run does not keep`, { parameter: stray });
  for (const [name, { shape, dtype }] of wanted) {
    const saved = state.get(name);
    if (saved === undefined) throw new CheckpointError(`lacks '${name}'`, { parameter: name });
    const type = saved.data instanceof Float32Array ? 'float32' : 'int32';
    if (type === dtype && saved.shape.join() === shape.join()) continue;
    throw new CheckpointError(
      `'${name}' is ${type} [${saved.shape.join(', ')}], expected ${dtype} [${shape.join(', ')}]`,
      { parameter: name },
    );
  }
}

/** Assigns buffers that {@link checkBuffers} found to fit. */
export function writeBuffers(state: StateDict, parts: Parts): void {
  for (const [name, variable] of entriesOf(parts)) {
    const { data, shape } = state.get(name)!;
    tf.tidy(() => variable.assign(tf.tensor(copyOf(data), [...shape], variable.dtype)));
  }
}

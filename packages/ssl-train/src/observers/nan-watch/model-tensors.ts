import * as tf from '@tensorflow/tfjs-core';
import type { Module } from '@selfsup/ssl-nn';
import { fetched, type Stateful } from '@selfsup/ssl-tensor';
import { countNonFinite, type NonFiniteTensor } from './non-finite-tensor.js';

/** What a model holds that a step computes with. */
export interface ModelTensor {
  readonly kind: 'parameter' | 'buffer' | 'state';
  /** `backbone.stem.weight`, `queue.rows`. */
  readonly name: string;
  readonly variable: tf.Variable;
}

/** Parameters, buffers and state of a method, each variable once. */
export function modelTensors(
  modules: Readonly<Record<string, Module>>,
  state: Readonly<Record<string, Stateful>> = {},
): readonly ModelTensor[] {
  const all: ModelTensor[] = Object.entries(modules).flatMap(([name, module]) => [
    ...tensorsOf('parameter', name, module.namedParameters()),
    ...tensorsOf('buffer', name, module.namedBuffers()),
  ]);
  for (const [name, { buffers }] of Object.entries(state))
    for (const [buffer, variable] of Object.entries(buffers))
      all.push({ kind: 'state', name: `${name}.${buffer}`, variable });
  const seen = new Set<tf.Variable>();
  return all.filter(({ variable }) => !seen.has(variable) && seen.add(variable));
}

function tensorsOf(
  kind: ModelTensor['kind'],
  module: string,
  named: ReadonlyMap<string, { readonly variable: tf.Variable }>,
): ModelTensor[] {
  return [...named].map(([name, { variable }]) => ({ kind, name: `${module}.${name}`, variable }));
}

/** What of a model is not finite. */
export async function brokenTensors(tensors: readonly ModelTensor[]): Promise<readonly NonFiniteTensor[]> {
  await fetched(tensors.map(({ variable }) => variable));
  return tensors.flatMap(({ kind, name, variable }) => {
    const counts = countNonFinite(variable.dataSync());
    return counts === undefined ? [] : [{ kind, name, part: 0, ...counts }];
  });
}

/** The values that variables had at some moment, in memory that is used again. */
export class HeldValues {
  readonly #values = new Map<tf.Variable, Float32Array | Int32Array | Uint8Array>();

  /** Copies what variables hold. */
  async take(tensors: readonly ModelTensor[]): Promise<void> {
    await fetched(tensors.map(({ variable }) => variable));
    for (const { variable } of tensors) {
      const values = variable.dataSync();
      const old = this.#values.get(variable);
      if (old?.length === values.length) old.set(values);
      else this.#values.set(variable, values.slice());
    }
  }

  of({ variable }: ModelTensor): ArrayLike<number> {
    return this.#values.get(variable)!;
  }

  /** Gives variables these values again. */
  restore(): void {
    for (const [variable, values] of this.#values)
      tf.tidy(() => variable.assign(tf.tensor(values.slice(), variable.shape, variable.dtype)));
  }
}

import * as tf from '@tensorflow/tfjs-core';
import type { StateDict } from '@selfsup/ssl-nn';
import { CheckpointError, ndArray, type NdArray } from '@selfsup/ssl-tensor/host';
import type { Bucket } from './bucket.js';
import type { FlatLayout } from './flat-layout.js';

/** What an optimiser keeps, in the engine. */
export interface OptimizerVariables {
  /** Number of finished updates. */
  readonly step: tf.Variable<tf.Rank.R0>;
  /** Updates that each parameter has had, in the order of the buckets: `[parameters]`. */
  readonly updates: tf.Variable<tf.Rank.R1>;
  readonly buckets: readonly Bucket[];
}

const updatesName = (parameter: string): string => `updates.${parameter}`;

/** State by name: `step`, a tensor per slot and parameter, and `updates.<parameter>` where that is not `step`. */
export function readState({ step, updates, buckets }: OptimizerVariables): StateDict {
  const steps = step.dataSync()[0]!;
  const state = new Map<string, NdArray>([['step', scalar(steps)]]);
  const counts = updates.dataSync();
  eachParameter(buckets, (name, index) => {
    if (counts[index] !== steps) state.set(updatesName(name), scalar(counts[index]!));
  });
  for (const { parameters, slots } of buckets)
    for (const { kind, layout, variable } of slots) {
      const vector = variable.dataSync();
      eachPlace(layout, (at, offset, size, shape) => {
        const data = Float32Array.from(vector.subarray(offset, offset + size));
        state.set(`${kind}.${parameters[at]!.name}`, ndArray(data, [...shape]));
      });
    }
  return state;
}

/**
 * Takes over a saved state; changes nothing when it does not fit.
 *
 * @throws CheckpointError naming the tensors that are missing, not expected or of another shape
 */
export function writeState({ step, updates, buckets }: OptimizerVariables, state: StateDict): void {
  const wanted = new Map<string, readonly number[]>([['step', []]]);
  const optional = new Map<string, readonly number[]>();
  for (const { parameters, slots } of buckets) {
    for (const { name } of parameters) optional.set(updatesName(name), []);
    for (const { kind, layout } of slots)
      parameters.forEach(({ name }, at) => wanted.set(`${kind}.${name}`, layout.shapes[at]!));
  }
  checkState(state, wanted, optional);
  const steps = state.get('step')!.data[0]!;
  const counts = new Float32Array(updates.size);
  eachParameter(buckets, (name, index) => {
    counts[index] = state.get(updatesName(name))?.data[0] ?? steps;
  });
  tf.tidy(() => {
    step.assign(tf.scalar(steps));
    updates.assign(tf.tensor1d(counts));
    for (const { parameters, slots } of buckets)
      for (const { kind, layout, variable } of slots) {
        const vector = new Float32Array(layout.length);
        eachPlace(layout, (at, offset) => {
          vector.set(state.get(`${kind}.${parameters[at]!.name}`)!.data as Float32Array, offset);
        });
        variable.assign(tf.tensor1d(vector));
      }
  });
}

const scalar = (value: number): NdArray => ndArray(Float32Array.of(value), []);

function eachParameter(buckets: readonly Bucket[], visit: (name: string, index: number) => void): void {
  buckets.flatMap(({ parameters }) => parameters).forEach(({ name }, index) => visit(name, index));
}

function eachPlace(
  { shapes, sizes }: FlatLayout,
  visit: (at: number, offset: number, size: number, shape: readonly number[]) => void,
): void {
  let offset = 0;
  sizes.forEach((size, at) => {
    visit(at, offset, size, shapes[at]!);
    offset += size;
  });
}

function checkState(
  state: StateDict,
  wanted: ReadonlyMap<string, readonly number[]>,
  optional: ReadonlyMap<string, readonly number[]>,
): void {
  const question = 'was it another optimiser or model?';
  for (const name of state.keys())
    if (!wanted.has(name) && !optional.has(name))
      throw new CheckpointError(`optimiser state has '${name}', which this optimiser does not; ${question}`, {
        parameter: name,
      });
  for (const [name, shape] of [...wanted, ...optional]) {
    const saved = state.get(name);
    if (saved === undefined && optional.has(name)) continue;
    if (saved === undefined)
      throw new CheckpointError(`optimiser state lacks '${name}'; ${question}`, { parameter: name });
    if (!tf.util.arraysEqual([...saved.shape], [...shape]) || !(saved.data instanceof Float32Array))
      throw new CheckpointError(
        `optimiser state '${name}' has shape [${saved.shape.join(', ')}], expected float32 [${shape.join(', ')}]`,
        { parameter: name },
      );
  }
}

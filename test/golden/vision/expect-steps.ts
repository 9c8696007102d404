/** Compares steps of a training method with a golden: losses, gradients of the first, all state after the last. */
import * as tf from '@tensorflow/tfjs-core';
import { training, type Module } from '@selfsup/ssl-nn';
import { keyArray, type NdArray, randomKey } from '@selfsup/ssl-tensor';
import { type BatchLoader, type Method, Sgd, Trainer } from '@selfsup/ssl-train';
import { expect } from 'vitest';
import { type Digests, expectDigests, fillFromGolden, parameterVariables } from './expect-backbone.js';
import { hashUniform } from './hash-fill.js';

/** A case of `generate_dino.py` and its kin. */
export interface StepsCase {
  /** Sides of the views. */
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly rate: number;
  readonly shapes: Readonly<Record<string, Record<string, number[]>>>;
  readonly losses: readonly number[];
  /** By full name; of the first step. */
  readonly gradients: Digests;
  /** By full name; after the last step. */
  readonly weights: Digests;
  /** Values of `state`, by `name.buffer`. */
  readonly state: Readonly<Record<string, readonly number[]>>;
}

export interface StepsBatch {
  readonly views: readonly NdArray<Uint8Array>[];
  readonly masks?: NdArray<Uint8Array>;
}

/** What the goldens' pictures are normalised by. */
export const stepsStatistics = { mean: 0.5, std: 0.28 };

/** uint8 pictures of one channel, as `pictures` of self_distillation.py. */
function pictures({ sizes, batch }: StepsCase, step: number): NdArray<Uint8Array>[] {
  return sizes.map((size, view) => ({
    data: Uint8Array.from(hashUniform(batch * size * size, 3000 + 100 * step + view), (noise) =>
      Math.floor((noise + 1) * 128),
    ),
    shape: [batch, size, size, 1],
  }));
}

/** Gives a method's modules the golden's weights, and its twins theirs. */
function fill(
  modules: Readonly<Record<string, Module>>,
  golden: StepsCase,
  twins: Readonly<Record<string, string>>,
): void {
  for (const [name, shapes] of Object.entries(golden.shapes)) {
    fillFromGolden(modules[name]!, shapes);
    for (const [parameter, { variable }] of [...modules[name]!.namedParameters(), ...modules[name]!.namedBuffers()])
      if (parameter.endsWith('weight_g')) variable.assign(tf.onesLike(variable));
  }
  for (const [name, online] of Object.entries(twins)) modules[name]!.loadStateDict(modules[online]!.stateDict());
}

/** A golden's batches, an epoch each. */
function batches(golden: StepsCase, masks: (step: number) => NdArray<Uint8Array> | undefined): BatchLoader<StepsBatch> {
  return {
    batchesPerEpoch: 1,
    async *epoch(epoch) {
      const mask = masks(epoch);
      yield { views: pictures(golden, epoch), ...(mask === undefined ? {} : { masks: mask }) };
    },
    close: async () => {},
  };
}

const tensorOf = ({ data, shape }: NdArray): tf.Tensor => tf.tensor(Int32Array.from(data), [...shape], 'int32');

/** How a golden is compared. */
export interface StepsOptions {
  /** Modules that start as twins of others: by name, the other's. */
  readonly twins: Readonly<Record<string, string>>;
  /** Of each step. */
  readonly masks?: (step: number) => NdArray<Uint8Array> | undefined;
  /** What a method does once to weights that were loaded. */
  readonly prepare?: (method: Method<never, string>) => void;
}

/** Runs the steps of a golden through the Trainer, compiled, with SGD of momentum 0.9. */
export async function expectSteps(
  make: () => Method<never, string>,
  golden: StepsCase,
  { twins, masks = () => undefined, prepare }: StepsOptions,
): Promise<void> {
  const first = make();
  fill(first.modules, golden, twins);
  prepare?.(first);
  const run = { totalSteps: golden.losses.length, stepsPerEpoch: 1 };
  const values = Object.entries(first.schedules?.(run) ?? {}).map(([name, schedule]) => [
    name,
    tf.scalar((schedule as (step: number) => number)(0)),
  ]);
  const mask = masks(0);
  const batch = { views: pictures(golden, 0).map(tensorOf), ...(mask === undefined ? {} : { masks: tensorOf(mask) }) };
  const phase = first.phaseAt?.(0, run) ?? 'train';
  const ctx = { ...training, key: tf.tensor1d(keyArray(randomKey(1)).data, 'int32') };
  const { value, grads } = tf.variableGrads(
    () => first.loss(batch as never, { ...ctx, values: Object.fromEntries(values), phase }).loss,
    parameterVariables(first.trainable()),
  );
  expect(value.dataSync()[0]).toBeCloseTo(golden.losses[0]!, 4);
  for (const { variable } of first.trainable().values()) variable.assign(grads[variable.name]!);
  expectDigests(stateOf(first.modules), golden.gradients, 2e-4);

  const method = make();
  fill(method.modules, golden, twins);
  prepare?.(method);
  const { history } = await new Trainer<never>({
    method,
    loader: batches(golden, masks) as BatchLoader<never>,
    optimizer: new Sgd([{ parameters: method.trainable() }], { momentum: 0.9 }),
    schedule: golden.rate,
    steps: golden.losses.length,
    seed: 3,
    logEvery: 1,
    progress: 'silent',
    handleSignals: false,
    threads: 1,
  }).fit();
  history.forEach(({ loss }, step) => expect(Math.abs(loss - golden.losses[step]!)).toBeLessThan(1e-4));
  expect(history).toHaveLength(golden.losses.length);
  expectDigests(stateOf(method.modules), golden.weights, 1e-4);
  for (const [name, expected] of Object.entries(golden.state)) {
    const [part, buffer] = name.split('.') as [string, string];
    const actual = method.state![part]!.buffers[buffer]!.dataSync();
    expect(actual.length).toBe(expected.length);
    expected.forEach((one, at) => expect(Math.abs(actual[at]! - one), `${name}[${at}]`).toBeLessThan(1e-4));
  }
}

/** The state dicts of modules under full names. */
const stateOf = (modules: Readonly<Record<string, Module>>): Map<string, NdArray> =>
  new Map(
    Object.entries(modules).flatMap(([name, module]) =>
      [...module.stateDict()].map(([key, state]) => [`${name}.${key}`, state] as const),
    ),
  );

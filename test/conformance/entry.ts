import * as tf from '@tensorflow/tfjs-core';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foldIn, randomKey } from '@selfsup/ssl-core';
import { compile, keyArray } from '@selfsup/ssl-tensor';
import {
  AdamW,
  type BatchLoader,
  clipByGlobalNorm,
  cosine,
  latestCheckpoint,
  type Method,
  type Optimizer,
  readCheckpoint,
  Trainer,
  type TrainerOptions,
  type TrainerResult,
  warmupCosine,
} from '@selfsup/ssl-train';

/** A method as the suite takes it: made anew for each run, as a new process would. */
export interface Entry<B = never> {
  readonly name: string;
  readonly method: () => Method<B, string>;
  /** The same method with another setting, and that setting's name. */
  readonly changed: { readonly method: () => Method<B, string>; readonly setting: string } | undefined;
  readonly loader: () => BatchLoader<B>;
  readonly accumulateSteps?: number;
  /** Phases that the first steps go through. */
  readonly phases?: number;
  readonly learningRate: number;
  /** In place of AdamW with a decay by schedule. */
  readonly optimizer?: (method: Method<B, string>) => Optimizer;
  /** Steps after which the loss, over the last ten, must be below `ratio` of that of the same run with a rate of almost 0. */
  readonly learns: { readonly steps: number; readonly ratio: number };
}

/** Steps of the runs that are interrupted. */
export const shortSteps = 6;

/** A run of an entry. */
export async function run<B>(entry: Entry<B>, options: Partial<TrainerOptions<B>>): Promise<TrainerResult> {
  const method = options.method ?? entry.method();
  const loader = entry.loader();
  const steps = options.steps ?? shortSteps;
  const trainer = new Trainer<B>({
    method,
    loader,
    optimizer:
      entry.optimizer?.(method) ??
      new AdamW([{ parameters: method.trainable() }], {
        weightDecay: cosine({ base: 0.04, final: 0.4, totalSteps: steps }),
      }),
    schedule: warmupCosine({ base: entry.learningRate, warmupSteps: 2, totalSteps: steps }),
    steps,
    seed: 3,
    logEvery: 1,
    progress: 'silent',
    handleSignals: false,
    accumulateSteps: entry.accumulateSteps ?? 1,
    gradientStages: [clipByGlobalNorm(5)],
    threads: 1,
    ...options,
  });
  try {
    return await trainer.fit();
  } finally {
    await loader.close();
  }
}

/** Everything that the newest checkpoint of a directory holds, as bytes by name. */
export async function bytesOf(dir: string): Promise<Map<string, string>> {
  const { tensors } = await readCheckpoint((await latestCheckpoint(dir))!.path);
  return new Map(
    [...tensors].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );
}

/** Bytes of a run that is stopped after each of `stops` and goes on in new objects. */
export async function interrupted<B>(entry: Entry<B>, stops: readonly number[]): Promise<Map<string, string>> {
  return inFolder(async (dir) => {
    for (const stop of stops) {
      const result = await run(entry, {
        checkpoint: { dir },
        observers: { onStep: ({ step }, control) => (step === stop ? control.stop('the test stops it') : undefined) },
      });
      if (!result.interrupted || result.steps !== stop) throw new RangeError(`stopped at ${result.steps}, not ${stop}`);
    }
    const { steps } = await run(entry, { checkpoint: { dir } });
    if (steps !== shortSteps) throw new RangeError(`ended at ${steps}`);
    return bytesOf(dir);
  });
}

/** Runs something in a folder of its own. */
export async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'ssl-conformance-'));
  try {
    return await work(dir);
  } finally {
    if (existsSync(dir)) rmSync(dir, { recursive: true });
  }
}

/** Loss and gradients of an entry's first batch, op by op and compiled. */
export async function bothWays<B>(
  entry: Entry<B>,
): Promise<{ readonly eager: number[][]; readonly compiled: number[][] }> {
  const method = entry.method();
  const shape = { totalSteps: 100, stepsPerEpoch: 10 };
  const loader = entry.loader();
  const at = shape.totalSteps - 1;
  const variables = [...method.trainable().values()].map(({ variable }) => variable);
  const values = Object.fromEntries(
    Object.entries(method.schedules?.(shape) ?? {}).map(([name, schedule]) => [
      name,
      (schedule as (step: number) => number)(at),
    ]),
  );
  const phase = method.phaseAt?.(at, shape) ?? 'train';
  const step = (batch: unknown, key: tf.Tensor1D): tf.Tensor[] => {
    const scalars = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.scalar(value)]));
    const { value, grads } = tf.variableGrads(
      () => method.loss(batch as never, { training: true, key, values: scalars, phase }).loss,
      variables,
    );
    return [value, ...variables.flatMap(({ name }) => (name in grads ? [grads[name]!] : []))];
  };
  const read = (tensors: readonly tf.Tensor[]): number[][] => tensors.map((tensor) => [...tensor.dataSync()]);
  const state = stateOf(method);
  try {
    for await (const batch of loader.epoch(0)) {
      const before = state.map((variable) => variable.dataSync().slice());
      const eager = read(
        tf.tidy(() => step(eagerly(batch), tf.tensor1d([...keyArray(foldIn(randomKey(1), 2)).data], 'int32'))),
      );
      state.forEach((variable, index) => variable.assign(tf.tensor(before[index]!, variable.shape, variable.dtype)));
      const compiled = compile(step, { threads: 1 });
      const results = await compiled(batch as never, keyArray(foldIn(randomKey(1), 2)));
      return { eager, compiled: read(results) };
    }
    throw new RangeError('the loader is empty');
  } finally {
    await loader.close();
  }
}

/** Variables that a forward pass may assign. */
const stateOf = ({ modules, state = {} }: Method<never, string>): tf.Variable[] => [
  ...Object.values(modules).flatMap((module) => [...module.namedBuffers().values()].map(({ variable }) => variable)),
  ...Object.values(state).flatMap(({ buffers }) => Object.values(buffers)),
];

/** A batch with tensors in place of its arrays. */
export function eagerly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(eagerly);
  if (typeof value !== 'object' || value === null) return value;
  const { data, shape } = value as { readonly data?: Float32Array; readonly shape?: number[] };
  if (data === undefined || shape === undefined)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, eagerly(item)]));
  return tf.tensor(
    data instanceof Float32Array ? data : Int32Array.from(data),
    [...shape],
    data instanceof Float32Array ? 'float32' : 'int32',
  );
}

/** Compares three updates of a method with those of `training_case.py`: losses, gradients, weights, twins, statistics, state. */
import * as tf from '@tensorflow/tfjs-core';
import { training, type Module } from '@selfsup/ssl-nn';
import { Sgd, Trainer, type BatchLoader, type Method } from '@selfsup/ssl-train';
import type { NdArray } from '@selfsup/ssl-tensor';
import { expect } from 'vitest';
import '../../support/to-be-all-close.js';
import { fillFromGolden, gradientState } from './expect-backbone.js';
import { hashUniform } from './hash-fill.js';

export interface TrainingCase {
  readonly shapes: Readonly<Record<string, Readonly<Record<string, number[]>>>>;
  readonly sgd: { readonly learningRate: number; readonly momentum: number; readonly weightDecay: number };
  readonly losses: readonly number[];
  /** Of the first update, by full name in the reference's layout; of what trains. */
  readonly gradients: Readonly<Record<string, number[]>>;
  /** State dicts after the last update, by full name. */
  readonly after: Readonly<Record<string, number[]>>;
  /** Queues and centres after the last update: `queue.features`. */
  readonly state: Readonly<Record<string, number[]>>;
  /** Of the first rows of `state.queue`, `state.denseQueue` and `state.groups`. */
  readonly queueSeed?: number;
  readonly denseQueueSeed?: number;
  readonly groupSeed?: number;
}

export interface Views {
  readonly views: readonly NdArray<Uint8Array>[];
  readonly labels?: NdArray<Int32Array>;
  readonly boxes?: readonly NdArray<Float32Array>[];
}

/** What the goldens' pixels are normalised by. */
export const statistics = { mean: 0.5, std: 0.25 };

const channels = 3;

/** A colour for each image, and noise; the views of a step share the colours. */
export function pictures(seed: number, size = 8, batch = 8): NdArray<Uint8Array> {
  const image = hashUniform(batch * channels, 5000 + Math.floor(seed / 10));
  const noise = hashUniform(batch * size * size * channels, 3000 + seed);
  const perImage = size * size * channels;
  const data = Uint8Array.from(noise, (value, at) =>
    Math.floor((0.6 * image[channels * Math.floor(at / perImage) + (at % channels)]! + 0.4 * value + 1) * 127.5),
  );
  return { data, shape: [batch, size, size, channels] };
}

/** The batch of a step. */
export const batchOf = (step: number, views = 2): Views => ({
  views: Array.from({ length: views }, (_, view) => pictures(10 * step + view)),
});

/** A batch as the step gets it. */
export function tensorsOf({ views, labels, boxes }: Views): {
  readonly views: tf.Tensor[];
  readonly labels?: tf.Tensor;
  readonly boxes?: tf.Tensor[];
} {
  const tensor = ({ data, shape }: NdArray): tf.Tensor => tf.tensor(Int32Array.from(data), [...shape], 'int32');
  return {
    views: views.map(tensor),
    ...(labels === undefined ? {} : { labels: tensor(labels) }),
    ...(boxes === undefined ? {} : { boxes: boxes.map(({ data, shape }) => tf.tensor(data, [...shape])) }),
  };
}

/** The largest gradient of a method's loss in the parameters of modules, on the first batch. */
export function gradientSize(method: Method<Views, string>, modules: readonly Module[]): number {
  const all = [...modules, ...Object.values(method.modules)].flatMap((module) => [
    ...module.namedParameters().values(),
  ]);
  const { grads } = tf.variableGrads(
    () => method.loss(tensorsOf(batchOf(0)), { ...training, values: {}, phase: 'train' }).loss,
    [...new Set(all.map(({ variable }) => variable))],
  );
  const own = modules.flatMap((module) => [...module.namedParameters().values()]);
  const sizes = own.map(({ variable: { name } }) => (name in grads ? tf.max(tf.abs(grads[name]!)).dataSync()[0]! : 0));
  return Math.max(...sizes);
}

/** Rows of length 1, as `unit_rows` of `training_case.py`. */
function unitRows([count, dim]: readonly [number, number], seed: number): tf.Tensor2D {
  const rows = tf.tensor2d(hashUniform(count * dim, seed), [count, dim]);
  return tf.div(rows, tf.norm(rows, 2, 1, true));
}

/**
 * @param make the method, made anew; its modules are filled as the golden's
 * @param batchAt the batch of a step, where the method's are not those of {@link batchOf}
 */
export async function expectTraining(
  make: () => Method<Views, string>,
  golden: TrainingCase,
  batchAt: (step: number) => Views = batchOf,
): Promise<void> {
  const filled = (): Method<Views, string> => {
    const method = make();
    expect(Object.keys(golden.shapes).sort()).toEqual(Object.keys(method.modules).sort());
    for (const [name, shapes] of Object.entries(golden.shapes)) {
      const { [name]: module } = method.modules;
      const known = Object.entries(shapes).filter(([tensor]) => !tensor.endsWith('num_batches_tracked'));
      fillFromGolden(module!, Object.fromEntries(known));
    }
    for (const [part, seed] of [
      ['queue', golden.queueSeed],
      ['denseQueue', golden.denseQueueSeed],
      ['groups', golden.groupSeed],
    ] as const) {
      const features = method.state?.[part]?.buffers['features'];
      if (seed !== undefined) features!.assign(unitRows(features!.shape as [number, number], seed));
    }
    return method;
  };
  expectGradients(filled(), golden, batchAt(0));
  await expectUpdates(filled(), golden, {
    batchesPerEpoch: golden.losses.length,
    async *epoch() {
      for (let step = 0; step < golden.losses.length; step++) yield batchAt(step);
    },
    close: async () => {},
  });
}

function expectGradients(method: Method<Views, string>, golden: TrainingCase, batch: Views): void {
  const shape = { totalSteps: golden.losses.length, stepsPerEpoch: golden.losses.length };
  const schedules = Object.entries(method.schedules?.(shape) ?? {}) as [string, (step: number) => number][];
  const values = Object.fromEntries(schedules.map(([name, schedule]) => [name, tf.scalar(schedule(0))]));
  const phase = method.phaseAt?.(0, shape) ?? 'train';
  const trained = [...method.trainable(phase)];
  const { value, grads } = tf.variableGrads(
    () => method.loss(tensorsOf(batch), { ...training, values, phase }).loss,
    trained.map(([, { variable }]) => variable),
  );
  expect(value.dataSync()[0]).toBeCloseTo(golden.losses[0]!, 4);
  const found = trained.filter(([, { variable }]) => variable.name in grads);
  expect(found.map(([name]) => name).sort()).toEqual(Object.keys(golden.gradients).sort());
  for (const [prefix, module] of Object.entries(method.modules))
    for (const [name, { data }] of gradientsOf(module, grads)) {
      const expected = golden.gradients[`${prefix}.${name}`];
      if (expected === undefined) continue;
      // Gradients that are 0 but for rounding: of what a batch norm takes off again.
      const atol = 1e-6 + 1e-4 * Math.max(...expected.map(Math.abs));
      expect(data, `gradient of ${prefix}.${name}`).toBeAllClose(expected, { rtol: 1e-4, atol });
    }
}

/** Gradients in the reference's layout; of what has none, the weights. */
function gradientsOf(module: Module, grads: tf.NamedTensorMap): Map<string, NdArray> {
  const all = [...module.namedParameters().values()].map(({ variable }) => variable);
  return gradientState(
    module,
    Object.fromEntries(all.map((variable) => [variable.name, grads[variable.name] ?? tf.clone(variable)])),
  );
}

async function expectUpdates(
  method: Method<Views, string>,
  golden: TrainingCase,
  loader: BatchLoader<Views>,
): Promise<void> {
  const { learningRate, ...options } = golden.sgd;
  const { history } = await new Trainer<Views>({
    method,
    loader,
    optimizer: new Sgd([{ parameters: method.trainable() }], options),
    schedule: learningRate,
    steps: golden.losses.length,
    seed: 0,
    logEvery: 1,
    progress: 'silent',
    handleSignals: false,
    threads: 1,
  }).fit();
  expect(history.map(({ loss }) => loss)).toBeAllClose([...golden.losses], { rtol: 1e-4, atol: 1e-5 });
  const after = new Map<string, ArrayLike<number>>(
    Object.entries(method.modules).flatMap(([prefix, module]) =>
      [...module.stateDict()].map(([name, { data }]) => [`${prefix}.${name}`, data] as const),
    ),
  );
  for (const [name, expected] of Object.entries(golden.after))
    expect(after.get(name)! as Float32Array, `after the updates: ${name}`).toBeAllClose(expected, {
      rtol: 1e-4,
      atol: 1e-5,
    });
  for (const [part, { buffers }] of Object.entries(method.state ?? {}))
    for (const [buffer, variable] of Object.entries(buffers as Record<string, tf.Variable>))
      expect(variable.dataSync(), `${part}.${buffer}`).toBeAllClose(golden.state[`${part}.${buffer}`]!, {
        rtol: 1e-4,
        atol: 1e-5,
      });
}

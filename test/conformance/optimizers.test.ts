import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import '../support/to-be-all-close.js';
import { compile } from '@selfsup/ssl-tensor';
import {
  constant,
  cosine,
  type GradientStage,
  type Method,
  type ParameterGroup,
  type TrainerOptions,
  type TrainerResult,
} from '@selfsup/ssl-train';
import { classes, type OptimizerEntry, optimizers } from '../support/optimizer-registry.js';
import { bytesOf, type Entry, inFolder, interrupted, run } from './entry.js';
import { crops, pairs, QueueTwin, TwoTowers } from './shapes.js';

type Groups = (method: Method<never, string>) => ParameterGroup[];

const oneGroup: Groups = (method) => [{ parameters: method.trainable() }];
/** Half of the parameters with a rate of their own and a decay by schedule. */
const twoGroups: Groups = (method) => {
  const all = [...method.trainable()];
  const weightDecay = cosine({ base: 0.01, final: 0.1, totalSteps: 6 });
  return [
    { parameters: all.filter((_, at) => at % 2 === 0) },
    { parameters: all.filter((_, at) => at % 2 === 1), learningRateScale: 0.5, weightDecay },
  ];
};

/** Two towers: matrices, biases, a scalar; one phase. */
const towers = { name: 'two towers', method: () => new TwoTowers(), loader: pairs } as unknown as Entry;
/** Phases: the last layer has its first gradient in the third step. */
const twin = { name: 'queue and twin', method: () => new QueueTwin(), loader: crops } as unknown as Entry;

/** An entry of the suite that trains by an optimiser. */
const training = (base: Entry, { make, rate }: OptimizerEntry, groups: Groups, changes?: object): Entry => ({
  ...base,
  learningRate: rate,
  optimizer: (method) => make(groups(method), changes),
});

/** Skips the updates of some steps, counted from 1. */
function skipping(steps: readonly number[]): GradientStage {
  const counted = tf.variable(tf.scalar(0), false);
  return {
    name: 'skipping',
    settings: {},
    maySkip: true,
    state: { buffers: { counted } },
    apply: (gradients) => {
      counted.assign(tf.add(counted, 1));
      const skip = [-1, ...steps].map((step) => tf.equal(counted, step)).reduce((any, next) => tf.logicalOr(any, next));
      return { gradients, skip: skip as tf.Scalar };
    },
  };
}

/** Bytes of the checkpoint after so many steps, of what an update may change. */
async function updatedBytes(
  entry: Entry,
  steps: number,
  skips: readonly number[],
): Promise<{ readonly bytes: ReadonlyMap<string, string>; readonly result: TrainerResult }> {
  return inFolder(async (dir) => {
    const schedule = constant(entry.learningRate);
    const gradientStages = [skipping(skips)];
    const result = await run(entry, { steps, schedule, checkpoint: { dir }, gradientStages });
    tf.dispose(gradientStages.map(({ state }) => state!.buffers));
    const bytes = [...(await bytesOf(dir))].filter(([name]) => /^(modules|optimizer|state)\./.test(name));
    return { bytes: new Map(bytes), result };
  });
}

describe.each(optimizers.map((entry) => [entry.name, entry] as const))('%s', (_name, entry) => {
  it('learns, in one trace', async () => {
    let traces = 0;
    const lossOf = async (options: Partial<TrainerOptions<never>>): Promise<number> => {
      const { history } = await run(training(towers, entry, oneGroup), { steps: 60, gradientStages: [], ...options });
      return history.slice(-10).reduce((sum, { loss }) => sum + loss / 10, 0);
    };
    const learned = await lossOf({ compile: { onTrace: () => traces++ } });
    expect(traces).toBe(1);
    expect(learned).toBeLessThan(0.9 * (await lossOf({ schedule: 1e-12 })));
  });

  it('goes on from any step to the bytes of the unbroken run, over phases and groups', async () => {
    const trained = training(twin, entry, twoGroups);
    const whole = await inFolder(async (dir) => {
      await run(trained, { checkpoint: { dir } });
      return bytesOf(dir);
    });
    const counts = [...whole.keys()].filter((name) => name.startsWith('optimizer.updates.'));
    expect(counts).toEqual(['optimizer.updates.student.last.weight']);
    for (const stops of [
      [1, 3, 5],
      [2, 4],
    ])
      expect(await interrupted(trained, stops)).toEqual(whole);
  });

  it('has the same parameters and state op by op as compiled', async () => {
    const after = async (compiled: boolean): Promise<Map<string, ArrayLike<number>>> => {
      const method = new TwoTowers();
      const optimizer = entry.make(twoGroups(method as never));
      const step = (turn: tf.Scalar): void => {
        const gradients = [...method.trainable().values()].map(({ variable }): [string, tf.Tensor] => [
          variable.name,
          tf.sin(tf.add(tf.mul(variable, 5), turn)),
        ]);
        const weightDecay = tf.mul(turn, 0.01) as tf.Scalar;
        const scalars = { learningRate: tf.scalar(entry.rate), 'groups.1.weightDecay': weightDecay };
        optimizer.apply(Object.fromEntries(gradients), scalars);
      };
      const fast = compile(step, { threads: 1 });
      for (const turn of [0, 1, 2, 3]) {
        if (compiled) await fast({ data: Float32Array.of(turn), shape: [] });
        else tf.tidy(() => step(tf.scalar(turn)));
      }
      const parameters = [...method.trainable()].map(([name, { variable }]) => [name, variable.dataSync()] as const);
      return new Map([...parameters, ...[...optimizer.stateDict()].map(([name, { data }]) => [name, data] as const)]);
    };
    const [eager, compiled] = [await after(false), await after(true)];
    expect([...compiled.keys()]).toEqual([...eager.keys()]);
    for (const [name, values] of eager)
      expect(Array.from(compiled.get(name)!)).toBeAllClose(Array.from(values), { rtol: 1e-5, atol: 1e-6 });
  });

  it('leaves no tensor behind over 100 steps', async () => {
    const counts: number[] = [];
    const observers = { onStep: () => void counts.push(tf.memory().numTensors) };
    await run(training(towers, entry, twoGroups), { steps: 100, observers, logEvery: 50 });
    expect(counts).toHaveLength(100);
    expect(new Set(counts.slice(10)).size).toBe(1);
  });

  it('keeps every variable where a stage skips the update', async () => {
    const trained = training(towers, entry, oneGroup);
    const ran = await updatedBytes(trained, 3, []);
    const skipped = await updatedBytes(trained, 5, [4, 5]);
    expect(skipped.result.skipped).toBe(2);
    expect(skipped.bytes).toEqual(ran.bytes);
    const all = await updatedBytes(trained, 5, []);
    // The largest moment so far may stay; nothing else does when an update happens.
    const kept = [...all.bytes].filter(([name, bytes]) => bytes === ran.bytes.get(name)).map(([name]) => name);
    expect(kept.filter((name) => !name.startsWith('optimizer.largest_second_moment.'))).toEqual([]);
  });
});

describe.each(classes.map((entry) => [entry.name, entry] as const))('settings of %s', (_name, entry) => {
  it('must be those of the checkpoint, key by key', async () => {
    await inFolder(async (dir) => {
      await run(training(towers, entry, oneGroup), { checkpoint: { dir } });
      const refused = async (changes: object, groups = oneGroup): Promise<string> =>
        run(training(towers, entry, groups, changes), { checkpoint: { dir } }).then(
          () => 'went on',
          (error: unknown) => String(error),
        );
      for (const [setting, changes] of Object.entries(entry.changes!))
        expect(await refused(changes)).toContain(`optimizer.${setting} was `);
      expect(await refused({ decayFilter: () => false })).toContain('parameterGroups.');
      const scaled: Groups = (method) => [{ parameters: method.trainable(), learningRateScale: 0.1 }];
      expect(await refused({}, scaled)).toContain('parameterGroups.');
      const other = classes.find(({ name }) => name !== entry.name)!;
      const another = run(training(towers, other, oneGroup), { checkpoint: { dir } });
      await expect(another).rejects.toThrow(`optimizer.optimizer was "${entry.name}", is "${other.name}"`);
      const rates = run(training(towers, entry, oneGroup), { checkpoint: { dir }, schedule: entry.rate / 2 });
      await expect(rates).rejects.toThrow('learningRate');
    });
  });
});

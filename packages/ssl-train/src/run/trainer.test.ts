import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ForwardContext, type Parameter, training } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import '../../../../test/support/to-be-all-close.js';
import {
  batchSize,
  inputs,
  type Settings,
  toy,
  type ToyBatch,
  ToyLoader,
  ToyMethod,
  weights,
} from '../../test/toy-run.js';
import { clipByGlobalNorm } from '../stages/clip-by-global-norm.js';
import { Sgd } from '../optimizers/sgd.js';
import type { ProgressReporter, ProgressStart, ProgressStatus } from '../observers/progress/progress-reporter.js';
import type { MethodLoss } from '../step/method.js';
import { NonFiniteLossError } from '../step/non-finite-loss-error.js';
import type { Tensors } from '../step/tensors.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('training', () => {
  it('learns, and records every logged step', async () => {
    const { trainer, method, loader } = toy({ epochs: 30, schedule: 0.05 });
    const { history, steps, interrupted, seconds, trainingSeconds } = await trainer.fit();
    expect([steps, interrupted, history.length, trainer.stepsPerEpoch]).toEqual([150, false, 150, 5]);
    expect(history[0]!.loss).toBeGreaterThan(2);
    const tail = history.slice(-20).reduce((sum, { loss }) => sum + loss / 20, 0);
    expect(tail).toBeLessThan(history[0]!.loss * 0.15);
    expect(history[149]).toMatchObject({
      step: 150,
      epoch: 30,
      learningRate: 0.05,
      metrics: { absolute: expect.any(Number) },
    });
    expect(trainingSeconds > 0 && trainingSeconds <= seconds).toBe(true);
    expect(loader.requested.map(([epoch]) => epoch)).toEqual(Array.from({ length: 30 }, (_, epoch) => epoch));
    expect(loader.returned).toBe(30);
    expect(
      method.norm
        .namedBuffers()
        .get('running_mean')!
        .read()
        .data.some((value) => value !== 0),
    ).toBe(true);
  });

  it('gives the same numbers for the same seed and others for another', async () => {
    const [a, b, c] = [toy(), toy(), toy({ seed: 4 })];
    const [first, second, third] = [await a.trainer.fit(), await b.trainer.fit(), await c.trainer.fit()];
    expect(second.history).toEqual(first.history);
    expect(weights(b.method)).toEqual(weights(a.method));
    expect(third.history[5]!.loss).not.toBe(first.history[5]!.loss);
  });

  it('fetches at the first, every logEvery-th and the last step', async () => {
    const { history } = await toy({ steps: 13, logEvery: 5 }).trainer.fit();
    expect(history.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [5, 1],
      [10, 2],
      [13, 3],
    ]);
  });

  it('traces the step once', async () => {
    let traces = 0;
    class Counted extends ToyMethod {
      override loss(batch: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
        traces++;
        return super.loss(batch, ctx);
      }
    }
    await toy({ makeMethod: () => new Counted() }).trainer.fit();
    expect(traces).toBe(1);
  });

  it('keeps the number of tensors from step to step', async () => {
    const counts: number[] = [];
    const { trainer } = toy({
      gradientStages: [clipByGlobalNorm(1)],
      accumulateSteps: 2,
      observers: { onStep: () => void counts.push(tf.memory().numTensors) },
    });
    await trainer.fit();
    expect(new Set(counts.slice(1)).size).toBe(1);
  });

  it('moves the EMA target towards the online module', async () => {
    const { trainer, method } = toy({ steps: 1, ema: { momentum: 0.75 } });
    const before = [...method.target.weight.variable.dataSync()];
    await trainer.fit();
    const online = method.linear.weight.variable.dataSync();
    expect(method.target.weight.variable.dataSync()).toBeAllClose(
      Float32Array.from(before, (value, index) => 0.75 * value + 0.25 * online[index]!),
      { rtol: 1e-6 },
    );
  });

  it('accumulates the mean gradient of several batches', async () => {
    /** Without noise and batch statistics two batches are one of twice the size. */
    class Plain extends ToyMethod {
      override trainable(): Map<string, Parameter> {
        return this.linear.namedParameters();
      }
      override loss({ x, y }: Tensors<ToyBatch>, _ctx: ForwardContext): MethodLoss {
        return { loss: tf.mean(tf.squaredDifference(this.linear.forward(x), y)) };
      }
    }
    const makeMethod = (): ToyMethod => new Plain();
    const method = makeMethod();
    const { trainer } = toy({
      method,
      optimizer: new Sgd([{ parameters: method.trainable() }]),
      schedule: 0.1,
      accumulateSteps: 3,
      epochs: 1,
      loader: new ToyLoader(7),
    });
    const { history } = await trainer.fit();
    const reference = makeMethod();
    const losses: number[] = [];
    const loader = new ToyLoader(7).epoch(0);
    for (let step = 0; step < 2; step++) {
      const batches = [
        (await loader.next()).value,
        (await loader.next()).value,
        (await loader.next()).value,
      ] as ToyBatch[];
      const join = (name: keyof ToyBatch, width: number): tf.Tensor =>
        tf.tensor(Float32Array.from(batches.flatMap((batch) => [...batch[name].data])), [3 * batchSize, width]);
      const { value, grads } = tf.variableGrads(
        () => reference.loss({ x: join('x', inputs), y: join('y', 1) }, training).loss,
        [...reference.trainable().values()].map(({ variable }) => variable),
      );
      losses.push(value.dataSync()[0]!);
      for (const { variable } of reference.trainable().values())
        variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.1)));
    }
    expect(history.map(({ loss }) => loss)).toBeAllClose(losses, { rtol: 1e-5 });
    expect(method.linear.weight.variable).toBeAllClose(reference.linear.weight.variable, { rtol: 1e-5 });
  });

  it('clips and reports the norm', async () => {
    const method = new ToyMethod();
    const before = method.linear.weight.read().data;
    const { trainer } = toy({
      method,
      optimizer: new Sgd([{ parameters: method.trainable() }]),
      schedule: 1,
      steps: 1,
      gradientStages: [clipByGlobalNorm(0.01)],
    });
    const { history } = await trainer.fit();
    expect(history[0]!.metrics['gradientNorm']).toBeGreaterThan(0.5);
    expect(Math.hypot(...method.linear.weight.read().data.map((value, index) => value - before[index]!))).toBeLessThan(
      0.01,
    );
  });
});

describe('a stop', () => {
  const quiet: ProgressReporter = {
    start: () => undefined,
    update: () => undefined,
    note: () => undefined,
    stop: () => undefined,
  };
  let exitCode: typeof process.exitCode;
  let listeners: number;
  beforeEach(() => void ([exitCode, listeners] = [process.exitCode, process.listenerCount('SIGTERM')]));
  afterEach(async () => {
    process.exitCode = exitCode;
    // Repeats of a signal are swallowed for half a second.
    await vi.waitUntil(() => process.listenerCount('SIGTERM') === listeners);
  });

  it('by SIGINT finishes the step, saves and resolves', async () => {
    const notes: string[] = [];
    const progress: ProgressReporter = {
      start: () => undefined,
      update: () => undefined,
      note: (line) => void notes.push(line),
      stop: () => undefined,
    };
    const observers: TrainerObserver = {
      onStep: ({ step }) => (step === 3 ? void process.emit('SIGINT') : undefined),
    };
    const { trainer, loader } = toy({ observers, progress, checkpoint: { dir: directory } });
    const result = await trainer.fit();
    expect(result).toMatchObject({
      steps: 3,
      interrupted: true,
      checkpoint: join(directory, 'step-00000003.safetensors'),
    });
    expect(readdirSync(directory)).toEqual(['step-00000003.safetensors']);
    const path = join(directory, 'step-00000003.safetensors');
    expect(notes).toEqual([
      'SIGINT: finishing the step and saving a checkpoint. Ctrl-C again to quit without saving',
      `Not finished: 3 of 20 steps. Saved in ${path}; the same command goes on from there. What this program still does, it does with the weights of step 3; the exit status is 130`,
    ]);
    expect([process.exitCode, loader.returned]).toEqual([130, 1]);
  });

  it('says what is lost where there is no checkpoint, and how a path goes on', async () => {
    const told = async (options: Settings): Promise<string | undefined> => {
      const notes: string[] = [];
      const progress = { ...quiet, note: (line: string) => void notes.push(line) };
      const observers: TrainerObserver = { onStep: () => void process.emit('SIGTERM') };
      await toy({ ...options, observers, progress }).trainer.fit();
      return notes.at(-1);
    };
    expect(await told({})).toContain(
      'Not finished: 1 of 20 steps. Nothing is saved, and the same command starts anew; checkpoint: { dir } saves and goes on. ',
    );
    expect(process.exitCode).toBe(143);
    expect(await told({ checkpoint: { dir: directory, resume: false } })).toContain(
      '; checkpoint.resume: true goes on from there.',
    );
    expect(await told({ steps: 1 })).toBe(
      'SIGTERM came at the end of the run: all 1 steps are done; the exit status is 143',
    );
  });

  it('is told on standard error where progress is silent', async () => {
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      await toy({ observers: { onStep: () => void process.emit('SIGINT') } }).trainer.fit();
      expect(written.mock.calls.map(([text]) => String(text).split(/[:.]/)[0])).toEqual(['SIGINT', 'Not finished']);
    } finally {
      written.mockRestore();
    }
  });

  it('before the first step of an epoch runs neither that step nor the end of the epoch again', async () => {
    const ends: number[] = [];
    const observers: TrainerObserver = {
      onEpochEnd: ({ epoch }) => {
        ends.push(epoch);
        if (epoch === 2) process.emit('SIGINT');
      },
    };
    const loader = new ToyLoader();
    const stopped = await toy({ loader, observers, progress: quiet, checkpoint: { dir: directory } }).trainer.fit();
    expect([stopped.steps, ends]).toEqual([10, [1, 2]]);
    // Nor does one that comes while the loader works.
    const slow = new ToyLoader();
    const epoch = slow.epoch.bind(slow);
    Object.assign(slow, {
      async *epoch(...position: [number, number]) {
        for await (const batch of epoch(...position)) {
          process.emit('SIGINT');
          yield batch;
        }
      },
    });
    const next = await toy({ loader: slow, observers, progress: quiet, checkpoint: { dir: directory } }).trainer.fit();
    expect([next.steps, ends]).toEqual([10, [1, 2]]);
  });

  it('by an AbortSignal does the same', async () => {
    const controller = new AbortController();
    const { trainer } = toy({
      signal: controller.signal,
      observers: { onStep: ({ step }) => (step === 7 ? controller.abort() : undefined) },
    });
    expect(await trainer.fit()).toMatchObject({ steps: 7, interrupted: true });
  });

  it('leaves other handlers alone when told to', async () => {
    let during = -1;
    await toy({
      steps: 1,
      handleSignals: false,
      observers: { onStep: () => void (during = process.listenerCount('SIGTERM')) },
    }).trainer.fit();
    expect(during).toBe(listeners);
  });
});

describe('errors', () => {
  it('a loss that is not finite names the step and the rate', async () => {
    class Broken extends ToyMethod {
      override loss(batch: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
        return {
          loss: tf.mul(
            super.loss(batch, ctx).loss,
            tf.div(1, tf.sub(1, tf.sum(tf.square(this.linear.weight.variable)))),
          ) as tf.Scalar,
        };
      }
    }
    const method = new Broken();
    const optimizer = new Sgd([{ parameters: method.trainable() }]);
    const error: unknown = await toy({ method, optimizer, schedule: 1e20, logEvery: 2, checkpoint: { dir: directory } })
      .trainer.fit()
      .catch((reason: unknown) => reason);
    expect(NonFiniteLossError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ step: 2, learningRate: 1e20 });
    expect((error as Error).message).toContain('it was finite at the step before). Lower the learning rate');
    expect(existsSync(join(directory, 'step-00000002.safetensors'))).toBe(false);
  });

  it('of the loader pass through, with its iterator closed', async () => {
    const { trainer, loader } = toy({ loader: new ToyLoader(5, 2) });
    await expect(trainer.fit()).rejects.toThrow('broken image');
    expect(loader.returned).toBe(1);
  });

  it('a loader that yields less than it says', async () => {
    const loader = new ToyLoader(3);
    Object.assign(loader, { epoch: (epoch: number) => new ToyLoader(2).epoch(epoch) });
    await expect(toy({ loader }).trainer.fit()).rejects.toThrow('the loader ended epoch 1 after 2 of 3 steps');
  });

  it('a parameter that the loss does not depend on', async () => {
    class Idle extends ToyMethod {
      override trainable(): Map<string, Parameter> {
        return new Map([...super.trainable(), ['idle', this.target.weight]]);
      }
    }
    await expect(toy({ method: new Idle() }).trainer.fit()).rejects.toThrow(
      "method 'toy': trainable() must be parameters that the loss depends on (leave the others out), got 'parameters without gradient: idle'",
    );
  });

  it('options that do not fit', () => {
    const other = new ToyMethod();
    expect(() => toy({ optimizer: new Sgd([{ parameters: other.trainable() }]) })).toThrow(
      "over exactly the parameters of the method's trainable()",
    );
    expect(() => toy({ epochs: 1, steps: 1 })).toThrow('epochs must be given, or steps, and not both');
    expect(() => toy({ accumulateSteps: 6 })).toThrow(
      'accumulateSteps must be at most the batches of an epoch (5), got 6',
    );
    expect(() => toy({ seed: 0.5 })).toThrow(InvalidOptionError);
    expect(() => toy({ gradientStages: [{ name: 'none' } as never] })).toThrow(
      'gradientStages[0] must be a gradient stage',
    );
  });

  it('a second fit while the first goes on', async () => {
    const { trainer } = toy({ steps: 1 });
    const first = trainer.fit();
    await expect(trainer.fit()).rejects.toThrow(InvalidOptionError);
    await first;
  });
});

it('tells progress what it shows', async () => {
  const seen: { start?: ProgressStart; updates: ProgressStatus[]; stopped: number } = { updates: [], stopped: 0 };
  const progress: ProgressReporter = {
    start: (run) => void (seen.start = run),
    update: (status) => void seen.updates.push(status),
    note: () => undefined,
    stop: () => void seen.stopped++,
  };
  const { history } = await toy({ logEvery: 1 }).trainer.fit();
  await toy({ progress, logEvery: 10 }).trainer.fit();
  expect(seen.start).toEqual({ name: 'toy', totalSteps: 20, startStep: 0, totalEpochs: 4 });
  expect(seen.updates).toHaveLength(20);
  expect(seen.updates[12]).toMatchObject({ step: 13, epoch: 3 });
  expect(seen.updates.map(({ loss }) => loss)).toEqual(history.map(({ loss }) => loss));
  expect(seen.updates[12]!.samplesPerSecond).toBeGreaterThan(0);
  expect(seen.updates[19]!.secondsLeft).toBe(0);
  expect(seen.stopped).toBeGreaterThan(0);
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '@selfsup/ssl-tensor/host';
import { toy, type ToyBatch, ToyLoader, ToyMethod } from '../../test/toy-run.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';
import type { MethodLoss, StepContext } from '../step/method.js';
import { NonFiniteLossError } from '../step/non-finite-loss-error.js';
import type { Tensors } from '../step/tensors.js';

let directory: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-observers-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('observers', () => {
  it('may say something when the run starts, which is told once', async () => {
    const told: string[] = [];
    const observer: TrainerObserver = {
      onStart: (_info, run) => run.note('hello'),
      onNote: ({ text }) => void told.push(text),
    };
    const { notes } = await toy({ observers: observer, steps: 1 }).trainer.fit();
    expect([told, notes]).toEqual([['hello'], ['hello']]);
  });

  it('are awaited in order, and what they return is kept', async () => {
    const calls: string[] = [];
    const observers: TrainerObserver = {
      onStart: ({ startStep, totalSteps }) => void calls.push(`start ${startStep}/${totalSteps}`),
      onStep: ({ step, epoch, entry }) =>
        void calls.push(`step ${step} of epoch ${epoch}${entry === undefined ? '' : ', logged'}`),
      onEpochEnd: async ({ epoch }) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        calls.push(`epoch ${epoch}`);
        return { knn: epoch / 10 };
      },
      onCheckpoint: ({ step }) => void calls.push(`checkpoint ${step}`),
      onEnd: ({ steps }) => void calls.push(`end ${steps}`),
    };
    const { trainer } = toy({
      loader: new ToyLoader(2),
      epochs: 2,
      logEvery: 3,
      observers: [observers],
      checkpoint: { dir: directory },
    });
    const { evaluations, seconds, trainingSeconds } = await trainer.fit();
    const expected = [
      'start 0/4',
      'step 1 of epoch 1, logged',
      'step 2 of epoch 1',
      'epoch 1',
      'checkpoint 2',
      'step 3 of epoch 2, logged',
      'step 4 of epoch 2, logged',
      'epoch 2',
      'checkpoint 4',
      'end 4',
    ];
    expect(calls).toEqual(expected);
    expect(evaluations).toEqual([
      { step: 2, epoch: 1, metrics: { knn: 0.1 } },
      { step: 4, epoch: 2, metrics: { knn: 0.2 } },
    ]);
    expect(seconds - trainingSeconds).toBeGreaterThan(0.05);
  });

  it('stop the run with their error, the loader is told and the signals are free again', async () => {
    const listeners = process.listenerCount('SIGINT');
    const { trainer, loader } = toy({
      observers: { onStep: ({ step }) => Promise.reject(new DataError(`no disk at ${step}`)) },
    });
    await expect(trainer.fit()).rejects.toThrow('no disk at 1');
    expect(loader.returned).toBe(1);
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });

  it.each(['save', 'stop'] as const)('may ask a run to %s, but not to save a model that is broken', async (wish) => {
    // Broken at the third step, of which no line is logged.
    class Breaking extends ToyMethod {
      override loss(batch: Tensors<ToyBatch>, ctx: StepContext<'broken'>): MethodLoss {
        const { loss } = super.loss(batch, ctx);
        return { loss: tf.div(loss, tf.sub(1, ctx.values.broken)) };
      }
      schedules(): Record<string, (step: number) => number> {
        return { broken: (step) => Number(step === 2) };
      }
    }
    const dir = join(directory, 'checkpoints');
    const observers: TrainerObserver = {
      onStep: ({ step }, run) => {
        if (step === 3) run[wish]('enough');
      },
    };
    const run = toy({
      makeMethod: () => new Breaking(),
      logEvery: 100,
      steps: 10,
      observers,
      checkpoint: { dir },
    }).trainer.fit();
    const error = await run.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(NonFiniteLossError.isInstance(error)).toBe(true);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('gets its checkpoint when it asks for one', async () => {
    const dir = join(directory, 'checkpoints');
    const observers: TrainerObserver = { onStep: ({ step }, run) => (step === 3 ? run.save() : undefined) };
    await toy({ steps: 4, observers, checkpoint: { dir, everySteps: 100 } }).trainer.fit();
    expect(readdirSync(dir)).toEqual(['step-00000003.safetensors', 'step-00000004.safetensors']);
  });
});

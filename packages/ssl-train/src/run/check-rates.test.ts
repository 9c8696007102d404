import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { toy } from '../../test/toy-run.js';
import { constant } from '../schedules/constant.js';
import { cosine } from '../schedules/cosine.js';
import { linearWarmup } from '../schedules/linear-warmup.js';
import { oneCycle } from '../schedules/one-cycle.js';
import { polynomial } from '../schedules/polynomial.js';
import type { Schedule } from '../schedules/schedule.js';
import { stepDecay } from '../schedules/step-decay.js';
import { warmupCosine } from '../schedules/warmup-cosine.js';

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(dir, { recursive: true }));

const ema = { momentum: 0.9 };
const ended = cosine({ base: 0.05, totalSteps: 10 });

describe('a resumed run whose schedule has ended', () => {
  beforeEach(() => toy({ ema, steps: 10, schedule: ended, checkpoint: { dir } }).trainer.fit());
  const resume = { ema, checkpoint: { dir: '', resume: true as const } };
  const resumed = (options: object): ReturnType<typeof toy> =>
    toy({ ...resume, checkpoint: { ...resume.checkpoint, dir }, schedule: ended, steps: 16, ...options });

  it('is refused, with three ways out', async () => {
    const error: unknown = await resumed({})
      .trainer.fit()
      .catch((reason: unknown) => reason);
    expect(InvalidOptionError.isInstance(error)).toBe(true);
    expect((error as Error).message).toContain(
      "0 from step 10 on, where the run goes to 16; nothing would be learned. Give a schedule that is the same up to step 10 and goes on from there: (step) => (step < 10 ? schedule(step) : next(step - 10)), end the run there (steps: 10), or pass zeroRate: 'allow'",
    );
  });

  it('goes on with another schedule behind the old one', async () => {
    const next = constant(0.01);
    const schedule: Schedule = (step) => (step < 10 ? ended(step) : next(step - 10));
    const { trainer } = resumed({ schedule });
    const { history, notes } = await trainer.fit();
    expect(history.map(({ learningRate }) => learningRate).slice(9)).toEqual([
      ended(9),
      ...Array<number>(6).fill(0.01),
    ]);
    expect(notes).toEqual([]);
  });

  it('ends where it is', async () => expect((await resumed({ steps: 10 }).trainer.fit()).interrupted).toBe(false));

  it('goes on at rate 0 where that is wanted, and says so', async () => {
    const { steps, notes } = await resumed({ zeroRate: 'allow' }).trainer.fit();
    expect([steps, notes]).toEqual([
      16,
      ['learningRate: the schedule ends at step 10, the run goes to 16; from there on it stays at 0'],
    ]);
  });
});

it('a run that was stopped in steps at rate 0 may go on by the advice as well', async () => {
  const controller = new AbortController();
  const common = { ema, schedule: ended, steps: 16 };
  await toy({
    ...common,
    zeroRate: 'allow',
    checkpoint: { dir },
    signal: controller.signal,
    observers: { onStep: ({ step }) => (step === 12 ? controller.abort() : undefined) },
  }).trainer.fit();
  const checkpoint = { dir, resume: true };
  await expect(toy({ ...common, checkpoint }).trainer.fit()).rejects.toThrow('same up to step 12');
  const anew = { ...common, schedule: 0.02, initFrom: dir, checkpoint: { dir: join(dir, 'second') } };
  await expect(toy({ ...common, checkpoint }).trainer.fit()).rejects.toThrow(`initFrom: ${JSON.stringify(dir)}`);
  expect((await toy(anew).trainer.fit()).notes[0]).toContain('from the weights of step 12');
  const schedule: Schedule = (step) => (step < 12 ? ended(step) : 0.02);
  expect((await toy({ ...common, schedule, checkpoint }).trainer.fit()).steps).toBe(16);
});

describe('a run that starts', () => {
  it.each([
    ['cosine', ended, 10],
    ['polynomial', polynomial({ base: 0.05, totalSteps: 12, power: 2 }), 12],
    ['warmupCosine', warmupCosine({ base: 0.05, warmupSteps: 2, totalSteps: 14 }), 14],
    ['stepDecay', stepDecay({ base: 0.05, milestones: [15], factor: 0 }), 15],
    ['constant', constant(0), 0],
    ['a function', ((step) => Math.max(0, 0.1 - step * 0.0125)) as Schedule, 8],
  ])('is refused when %s comes to 0 before its end', async (_, schedule, end) => {
    await expect(toy({ schedule }).trainer.fit()).rejects.toThrow(
      `0 from step ${end} on, where the run goes to 20; nothing would be learned. Make the schedule as long as the run (totalSteps: 20)`,
    );
  });

  it('may reach 0 in its last step', async () => {
    const { notes } = await toy({ schedule: (step) => 0.05 * (1 - step / 19) }).trainer.fit();
    expect(notes).toEqual([]);
  });

  it.each([
    ['cosine', cosine({ base: 0.05, totalSteps: 10, final: 0.001 }), 10, 0.001],
    ['polynomial', polynomial({ base: 0.05, totalSteps: 12, final: 0.002 }), 12, 0.002],
    ['oneCycle', oneCycle({ max: 0.05, totalSteps: 14 }), 14, 0.05 / 25 / 1e4],
    ['warmupCosine', warmupCosine({ base: 0.05, warmupSteps: 2, totalSteps: 8, final: 0.001 }), 8, 0.001],
  ])('is told when %s ends above 0 before it', async (_, schedule, end, value) => {
    const { notes } = await toy({ schedule }).trainer.fit();
    expect(notes).toEqual([
      `learningRate: the schedule ends at step ${end}, the run goes to 20; from there on it stays at ${schedule(19)}`,
    ]);
    expect(schedule(19)).toBeCloseTo(value, 12);
  });

  it('is told when targets stop following', async () => {
    const { notes } = await toy({ ema: { momentum: cosine({ base: 0.9, totalSteps: 10, final: 1 }) } }).trainer.fit();
    expect(notes).toEqual([
      'emaMomentum: the schedule ends at step 10, the run goes to 20; from there on it stays at 1',
    ]);
  });

  it.each([
    ['linearWarmup', linearWarmup({ base: 0.05, warmupSteps: 5 })],
    ['stepDecay', stepDecay({ base: 0.05, milestones: [5] })],
    ['a longer one', cosine({ base: 0.05, totalSteps: 40 })],
  ])('is not bothered for %s', async (_, schedule) =>
    expect((await toy({ schedule }).trainer.fit()).notes).toEqual([]),
  );

  it.each([NaN, -0.1, Infinity])('is refused at a rate of %s', async (rate) => {
    await expect(toy({ schedule: (step) => (step === 3 ? rate : 0.05) }).trainer.fit()).rejects.toThrow(
      `schedule must be a finite number >= 0 after 3 steps, got ${rate}`,
    );
  });
});

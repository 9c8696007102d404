import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { toy } from '../../test/toy-run.js';
import { earlyStop } from './early-stop.js';
import type { TrainerObserver } from './trainer-observer.js';

let dir: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ssl-early-stop-'));
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(dir, { recursive: true }));

const scores = [0.1, 0.5, 0.52, 0.51, 0.4, 0.52, 0.3];
const scorer: TrainerObserver = { onStep: ({ step }) => ({ knn: scores[step - 1]! }) };
const options = { metric: 'knn', mode: 'max', patience: 3, minDelta: 0.05 } as const;

it('advises once and lets the run go on', async () => {
  const { steps, notes } = await toy({ steps: 7, observers: [scorer, earlyStop(options)] }).trainer.fit();
  expect(steps).toBe(7);
  expect(notes.filter((note) => note.startsWith('knn has not'))).toEqual([
    expect.stringContaining('in 3 values up to step 5; best was 0.5 at step 2'),
  ]);
});

it('says once that nobody returns such a metric', async () => {
  const observers = [scorer, earlyStop({ ...options, metric: 'knm' })];
  const { notes } = await toy({ steps: 7, observers }).trainer.fit();
  expect(notes.filter((note) => note.startsWith('earlyStop'))).toEqual([
    'earlyStop: no observer has returned knm yet, only knn. Is it spelt as there?',
  ]);
});

it('ends the run with stop: true', async () => {
  const observers = [scorer, earlyStop({ ...options, stop: true })];
  const { steps, interrupted, stopReason } = await toy({ steps: 7, observers }).trainer.fit();
  expect([steps, interrupted]).toEqual([5, true]);
  expect(stopReason).toContain('best was 0.5 at step 2');
});

it('goes on counting in a resumed run', async () => {
  const fit = (first: boolean) => {
    const pause: TrainerObserver = { onStep: ({ step }, run) => void (first && step === 4 && run.stop('pause')) };
    const observers = [scorer, earlyStop({ ...options, stop: true }), pause];
    return toy({ steps: 7, observers, checkpoint: { dir } }).trainer.fit();
  };
  expect((await fit(true)).steps).toBe(4);
  const resumed = await fit(false);
  expect(resumed.steps).toBe(5);
  expect(resumed.stopReason).toContain('in 3 values up to step 5; best was 0.5 at step 2');
});

it('watches the logged loss without a metric', async () => {
  // Nothing is a gain of more than 1e6, so the first value stays the best.
  const observers = earlyStop({ mode: 'min', patience: 2, minDelta: 1e6, stop: true });
  const { steps, stopReason } = await toy({ steps: 7, observers }).trainer.fit();
  expect(steps).toBe(3);
  expect(stopReason).toMatch(/^the loss .* at step 1$/);
});

it('refuses options out of range', () => {
  expect(() => earlyStop({ ...options, mode: 'most' as 'max' })).toThrow(InvalidOptionError);
  expect(() => earlyStop({ ...options, patience: 0 })).toThrow(InvalidOptionError);
  expect(() => earlyStop({ ...options, minDelta: -1 })).toThrow(InvalidOptionError);
});

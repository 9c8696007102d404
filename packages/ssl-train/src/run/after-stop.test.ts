import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Settings, toy } from '../../test/toy-run.js';
import type { TrainerResult } from '../observers/trainer-observer.js';

let base: string;
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'ssl-after-stop-'));
  await tf.setBackend('cpu');
});
afterEach(() => {
  process.exitCode = undefined;
  rmSync(base, { recursive: true });
});

const quiet = { start() {}, update() {}, stop() {}, note() {} };
const fit = async (name: string, change: Settings = {}): Promise<TrainerResult> =>
  toy({ steps: 6, progress: quiet, checkpoint: { dir: join(base, name) }, ...change }).trainer.fit();

it('says of runs after one that a signal stopped that they build on what is not finished', async () => {
  expect((await fit('before')).notes).toEqual([]);
  const stop = { onStep: ({ step }: { step: number }) => void (step === 3 && process.emit('SIGINT')) };
  expect((await fit('first', { observers: stop })).interrupted).toBe(true);
  const { notes } = await fit('second');
  expect(notes).toEqual([
    expect.stringMatching(/^SIGINT stopped an earlier run of this program .*second would count as finished/),
  ]);
  expect((await fit('third', { checkpoint: undefined as never })).notes[0]).not.toContain('would count');
  // The stopped run itself goes on, and is then finished.
  expect(await fit('first')).toMatchObject({ interrupted: false, steps: 6, notes: [] });
  expect((await fit('fourth')).notes).toEqual([]);
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FolderLock, lockHolder, temporaryName } from '@selfsup/ssl-core/files';
import { DataError } from '@selfsup/ssl-tensor/host';
import { toy, type Settings } from '../../test/toy-run.js';
import { readCheckpoint } from '../checkpoint/checkpoint-file.js';
import type { TrainerObserver } from '../observers/trainer-observer.js';

let directory: string;
let dir: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  dir = join(directory, 'checkpoints');
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true }));

const failure = (settings: Settings): Promise<unknown> =>
  toy(settings)
    .trainer.fit()
    .catch((reason: unknown) => reason);

it('a second run in the same directory is refused while the first goes on, which ends as if nothing had been', async () => {
  const whole = await toy().trainer.fit();
  let refused: unknown;
  let read = -1;
  const first = await toy({
    checkpoint: { dir },
    observers: {
      onStep: async ({ step }) => {
        if (step !== 7) return;
        refused = await failure({ checkpoint: { dir, resume: true } });
        // Whoever only reads needs no lock.
        read = (await readCheckpoint(join(dir, 'step-00000005.safetensors'))).record.step;
      },
    },
  }).trainer.fit();
  expect(DataError.isInstance(refused)).toBe(true);
  expect((refused as Error).message).toMatch(
    new RegExp(
      `^${dir}: is in use by this very process, process ${process.pid} on .+ \\(training, since .+ or use another`,
    ),
  );
  expect(read).toBe(5);
  expect(first.history).toEqual(whole.history);
  expect(readdirSync(dir)).toHaveLength(3);
});

it('two runs do not share a log', async () => {
  const logFile = join(directory, 'log.jsonl');
  let refused: unknown;
  await toy({
    logFile,
    observers: { onStep: async ({ step }) => void (step === 3 && (refused = await failure({ logFile }))) },
  }).trainer.fit();
  expect((refused as Error).message).toContain('is in use by this very process');
  expect(readdirSync(directory)).toEqual(['log.jsonl']);
});

it('the directory is free again after an error and after a stop', async () => {
  await failure({ checkpoint: { dir }, observers: { onStep: () => Promise.reject(new DataError('broke')) } });
  expect(await lockHolder(dir)).toBeUndefined();
  const logFile = join(directory, 'missing', '\0', 'log');
  await failure({ checkpoint: { dir, resume: true }, logFile });
  expect(await lockHolder(dir)).toBeUndefined();
  const observers: TrainerObserver = {
    onStep: ({ step }) => (step === 3 ? void process.emit('SIGTERM') : undefined),
  };
  const { exitCode } = process;
  const progress = { start: () => {}, update: () => {}, note: () => {}, stop: () => {} };
  await toy({ checkpoint: { dir, resume: true }, observers, progress }).trainer.fit();
  process.exitCode = exitCode;
  expect(await lockHolder(dir)).toBeUndefined();
  expect(readdirSync(dir).filter((name) => !name.endsWith('.safetensors'))).toEqual([]);
});

it('what a killed run leaves is cleared by the next one, which starts at once; a living writer’s is not', async () => {
  const script = `
    import { writeFileSync } from 'node:fs';
    import { FolderLock, temporaryName } from '@selfsup/ssl-core/files';
    await FolderLock.acquire(${JSON.stringify(dir)}, { purpose: 'training' });
    writeFileSync(temporaryName(${JSON.stringify(join(dir, 'step-00000004.safetensors'))}), 'half');
    console.log('ready');
    setInterval(() => {}, 1000);`;
  mkdirSync(dir);
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=ssl-source', '--input-type=module', '-e', script],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  expect((await failure({ checkpoint: { dir } })) as Error).toMatchObject({
    message: expect.stringContaining(`is in use by process ${child.pid}`),
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  const living = temporaryName(join(dir, 'step-00000006.safetensors'));
  const strange = join(dir, `step-00000006.safetensors.${child.pid}.0.tmp`);
  for (const path of [living, strange]) writeFileSync(path, 'half');
  expect(readdirSync(dir)).toHaveLength(4);
  const from = Date.now();
  await toy({ checkpoint: { dir } }).trainer.fit();
  expect(Date.now() - from).toBeLessThan(10_000);
  expect(existsSync(living) && existsSync(strange)).toBe(true);
  expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toHaveLength(2);
});

it('a run whose lock was removed asks for it again, and does not save where another one has it meanwhile', async () => {
  let other: FolderLock | undefined;
  const held: boolean[] = [];
  const error = await failure({
    checkpoint: { dir },
    observers: {
      onStep: async ({ step }) => {
        if (step !== 3 && step !== 8) return;
        rmSync(join(dir, '.ssl-lock'));
        if (step === 8) other = await FolderLock.acquire(dir, { purpose: 'another run' });
      },
      onCheckpoint: async () => void held.push((await lockHolder(dir))?.purpose === 'training'),
    },
  });
  expect(held).toEqual([true]);
  expect((error as Error).message).toContain('(another run, since');
  expect(readdirSync(dir).filter((name) => name.endsWith('.safetensors'))).toEqual(['step-00000005.safetensors']);
  expect((await lockHolder(dir))?.purpose).toBe('another run');
  await other?.release();
});

it('an observer that rejects without a reason costs no step either', async () => {
  const reason = await failure({
    checkpoint: { dir },
    observers: { onStep: ({ step }) => (step === 7 ? Promise.reject<void>(undefined as unknown as Error) : undefined) },
  });
  expect(reason).toBeUndefined();
  expect(readdirSync(dir)).toEqual(['step-00000005.safetensors', 'step-00000007.safetensors']);
});

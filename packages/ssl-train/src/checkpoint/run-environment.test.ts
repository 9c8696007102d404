import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { toy, ToyMethod, weights } from '../../test/toy-run.js';
import { readCheckpoint } from './checkpoint-file.js';
import { environmentChanges, type RunEnvironment } from './run-environment.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  path = join(directory, 'step-00000005.safetensors');
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true }));

const environmentOf = async (file: string): Promise<RunEnvironment> => (await readCheckpoint(file)).record.environment!;

/** Rewrites the checkpoint of step 5 as a run elsewhere would have made it. */
async function made(change: (environment: RunEnvironment) => unknown): Promise<void> {
  const { tensors, metadata } = await loadSafetensors(path);
  const run = JSON.parse(metadata['run']!) as { environment: RunEnvironment };
  await saveSafetensors(path, tensors, {
    ...metadata,
    run: JSON.stringify({ ...run, environment: change(run.environment) }),
  });
}

it('a checkpoint says what it was computed with', async () => {
  await toy({ steps: 5, checkpoint: { dir: directory } }).trainer.fit();
  const { device, threads, platform, cpu, versions } = await environmentOf(path);
  expect([device, threads, platform, cpu]).toEqual([
    'cpu',
    availableParallelism(),
    `${process.platform} ${process.arch}`,
    cpus()[0]!.model.trim(),
  ]);
  expect(versions).toEqual({
    node: process.versions.node,
    '@tensorflow/tfjs-core': tf.version_core,
    '@selfsup/ssl-train': expect.any(String),
    '@selfsup/ssl-nn': expect.any(String),
    '@selfsup/ssl-tensor': expect.any(String),
    'onnxruntime-node': expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});

it('a run goes on with the threads that it had', async () => {
  const threads = availableParallelism() + 1;
  const ema = { momentum: 0.9 };
  await toy({ steps: 5, threads, ema, checkpoint: { dir: directory } }).trainer.fit();
  expect((await environmentOf(path)).threads).toBe(threads);
  const { notes } = await toy({ ema, checkpoint: { dir: directory, resume: true } }).trainer.fit();
  // More than there are cores: slow, and still the same numbers.
  expect(notes).toEqual([
    expect.stringContaining(`goes on with ${threads} threads, as before, and may use ${threads - 1} cores`),
  ]);
  expect((await environmentOf(join(directory, 'step-00000020.safetensors'))).threads).toBe(threads);
});

it('other threads are told, on the screen, in the log and in the result', async () => {
  const logFile = join(directory, 'log.jsonl');
  const said: string[] = [];
  await toy({ steps: 5, threads: 2, ema: { momentum: 0.9 }, checkpoint: { dir: directory } }).trainer.fit();
  const { notes } = await toy({
    ema: { momentum: 0.9 },
    compile: { threads: 1 },
    logFile,
    checkpoint: { dir: directory, resume: true },
    progress: {
      start: () => undefined,
      update: () => undefined,
      note: (line) => void said.push(line),
      stop: () => undefined,
    },
  }).trainer.fit();
  expect(notes[0]).toContain('its last digits may differ from those of an unbroken one: threads was 2, is 1');
  expect(said).toContain(notes[0]);
  expect(readFileSync(logFile, 'utf8')).toContain(JSON.stringify({ type: 'note', step: 5, text: notes[0] }));
});

it.each([
  ['another machine', (is: RunEnvironment) => ({ ...is, cpu: 'Abacus' }), 'cpu was Abacus, is '],
  [
    'another runtime',
    (is: RunEnvironment) => ({ ...is, versions: { ...is.versions, 'onnxruntime-node': '1.2.3' } }),
    'onnxruntime-node was 1.2.3, is ',
  ],
  ['another device', (is: RunEnvironment) => ({ ...is, device: 'cuda' }), 'device was cuda, is cpu'],
])('%s is told', async (_, change, text) => {
  const ema = { momentum: 0.9 };
  await toy({ steps: 5, ema, checkpoint: { dir: directory } }).trainer.fit();
  await made(change);
  const { notes, steps } = await toy({ ema, checkpoint: { dir: directory, resume: true } }).trainer.fit();
  expect([steps, notes]).toEqual([20, [expect.stringContaining(text)]]);
});

it('a record that is none is damage', async () => {
  await toy({ steps: 5, checkpoint: { dir: directory } }).trainer.fit();
  await made((is) => ({ ...is, threads: 0 }));
  await expect(readCheckpoint(path)).rejects.toThrow('has damaged metadata (environment)');
});

it('a deterministic run has one thread, whatever it had before', async () => {
  const ema = { momentum: 0.9 };
  const unbroken = toy({ ema, deterministic: true });
  await unbroken.trainer.fit();
  await toy({ steps: 5, ema, deterministic: true, checkpoint: { dir: directory } }).trainer.fit();
  const resumed = toy({ ema, checkpoint: { dir: directory, resume: true }, makeMethod: () => new ToyMethod(9) });
  expect((await resumed.trainer.fit()).notes).toEqual([]);
  expect((await environmentOf(join(directory, 'step-00000020.safetensors'))).threads).toBe(1);
  expect(weights(resumed.method)).toEqual(weights(unbroken.method));
});

it('options that say two things are refused', () => {
  expect(() => toy({ threads: 2, compile: { threads: 3 } })).toThrow('threads must be the same as compile.threads (3)');
  expect(() => toy({ threads: 0 })).toThrow(InvalidOptionError);
  expect(() => toy({ threads: 2, deterministic: true })).toThrow(InvalidOptionError);
  expect(() => toy({ threads: 2, compile: { threads: 2, device: 'cpu' } })).not.toThrow();
});

it('names that appear and vanish are changes', () =>
  expect(
    environmentChanges(
      { device: 'cpu', threads: 1, platform: 'a', cpu: 'b', versions: { x: '1' } },
      { device: 'cpu', threads: 1, platform: 'a', cpu: 'b', versions: { y: '2' } },
    ),
  ).toEqual(['x was 1, is not known', 'y was not recorded, is 2']));

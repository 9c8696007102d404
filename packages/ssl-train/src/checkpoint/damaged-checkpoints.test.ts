import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSafetensors, saveSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, foldIn, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { toy, ToyMethod, weights } from '../../test/toy-run.js';
import { readCheckpoint } from './checkpoint-file.js';
import { DamagedCheckpointError } from './damaged-checkpoint-error.js';
import { cosine } from '../schedules/cosine.js';
import type { ProgressReporter } from '../observers/progress/progress-reporter.js';

let directory: string;
let dir: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-'));
  dir = join(directory, 'checkpoints');
  await tf.setBackend('cpu');
});
afterEach(() => rmSync(directory, { recursive: true }));

const schedule = cosine({ base: 0.05, totalSteps: 20 });
const at = (step: number): string => join(dir, `step-${String(step).padStart(8, '0')}.safetensors`);
const flip = (path: string, bit: number): void => {
  const bytes = readFileSync(path);
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  writeFileSync(path, bytes);
};
const failure = async (work: Promise<unknown>): Promise<Error> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
};

/** Runs to step 15 with checkpoints at 5, 10 and 15. */
const stopped = (): Promise<unknown> => {
  const controller = new AbortController();
  return toy({
    checkpoint: { dir },
    observers: { onStep: ({ step }) => (step === 15 ? controller.abort() : undefined) },
    signal: controller.signal,
  }).trainer.fit();
};

it('every one of 400 single flipped bits of a checkpoint is refused', async () => {
  await toy({ steps: 5, checkpoint: { dir } }).trainer.fit();
  const whole = readFileSync(at(5));
  const random = new RandomStream(foldIn(randomKey(1), 'flips'));
  const path = join(directory, 'flipped.safetensors');
  let refused = 0;
  for (let trial = 0; trial < 400; trial++) {
    writeFileSync(path, whole);
    flip(path, random.integer(whole.length * 8));
    const error = await failure(readCheckpoint(path));
    if (DamagedCheckpointError.isInstance(error)) refused++;
  }
  expect(refused).toBe(400);
});

describe('a damaged newest checkpoint', () => {
  const damages: readonly (readonly [string, (path: string) => void, string])[] = [
    ['cut', (path) => truncateSync(path, 700), 'ends inside its header'],
    ['emptied', (path) => truncateSync(path, 0), 'is 0 bytes long'],
    [
      'with a flipped bit in its data',
      (path) => flip(path, readFileSync(path).length * 8 - 9),
      'does not match its checksum',
    ],
    ['a folder', (path) => (rmSync(path), mkdirSync(path)), 'is a folder'],
    [
      'a link to nothing',
      (path) => (rmSync(path), symlinkSync(join(directory, 'gone'), path)),
      'is a link to a file that is gone',
    ],
    [
      'a link to itself',
      (path) => (rmSync(path), symlinkSync(path, path)),
      'cannot be read: is a loop of links (ELOOP)',
    ],
    [
      'a copy of an older one',
      (path) => copyFileSync(at(5), path),
      'is of step 5 and has the name of step 15, so it was copied or renamed',
    ],
  ];

  it.each(damages)('%s is refused, with a way on that leads to the same numbers', async (_, damage, reason) => {
    const unbroken = toy();
    const whole = await unbroken.trainer.fit();
    await stopped();
    damage(at(15));
    const error = await failure(toy({ checkpoint: { dir, resume: true } }).trainer.fit());
    expect(DamagedCheckpointError.isInstance(error) && CheckpointError.isInstance(error.cause)).toBe(true);
    expect(error.message).toContain(`${at(15)}: is damaged (`);
    expect(error.message).toContain(reason);
    expect(error.message).toContain("of step 10 (step-00000010.safetensors). Pass checkpoint.resume: 'latest-good'");
    expect(error.message).not.toContain('etch it again');

    const said: string[] = [];
    const progress: ProgressReporter = {
      start: () => undefined,
      update: () => undefined,
      note: (line) => void said.push(line),
      stop: () => undefined,
    };
    const logFile = join(directory, 'log.jsonl');
    const resumed = toy({
      checkpoint: { dir, resume: 'latest-good' },
      makeMethod: () => new ToyMethod(9),
      progress,
      logFile,
    });
    const result = await resumed.trainer.fit();
    expect(result.history).toEqual(whole.history);
    expect(weights(resumed.method)).toEqual(weights(unbroken.method));
    expect(result.damaged).toEqual([{ step: 15, path: `${at(15)}.damaged`, reason: expect.stringContaining(reason) }]);
    const note = `the checkpoint of step 15 is damaged (${result.damaged[0]!.reason}) and now lies at ${at(15)}.damaged; the run continues from ${at(10)}`;
    expect(result.notes).toContain(note);
    expect(said).toContain(note);
    expect(readFileSync(logFile, 'utf8')).toContain(JSON.stringify({ type: 'note', step: 10, text: note }));
    expect(readdirSync(dir)).toEqual(
      [10, 15, 20]
        .flatMap((step) => [at(step), ...(step === 15 ? [`${at(step)}.damaged`] : [])])
        .map((path) => path.slice(dir.length + 1)),
    );
  });

  it('older damaged ones are passed over as well, and nothing set aside is replaced', async () => {
    await stopped();
    flip(at(15), 8000);
    truncateSync(at(10), 9);
    writeFileSync(`${at(15)}.damaged`, 'kept');
    const { damaged } = await toy({ checkpoint: { dir, resume: 'latest-good' } }).trainer.fit();
    expect(damaged.map(({ path }) => path)).toEqual([`${at(15)}.damaged-2`, `${at(10)}.damaged`]);
    expect(readFileSync(`${at(15)}.damaged`, 'utf8')).toBe('kept');
  });

  it('is not renamed by a run that does not fit', async () => {
    await stopped();
    flip(at(15), 8000);
    await failure(toy({ seed: 4, checkpoint: { dir, resume: 'latest-good' } }).trainer.fit());
    const ended = toy({
      schedule: (step) => (step < 10 ? schedule(step) : 0),
      checkpoint: { dir, resume: 'latest-good' },
    });
    await failure(ended.trainer.fit());
    expect(readdirSync(dir)).toHaveLength(3);
  });
});

it('without a whole checkpoint, each damaged one is named, and the advice is none that does not work', async () => {
  await stopped();
  for (const step of [5, 10, 15]) truncateSync(at(step), 9);
  const one = await failure(toy({ checkpoint: { dir, resume: true } }).trainer.fit());
  expect(one.message).toContain('There is no other checkpoint that is whole');
  const error = await failure(toy({ checkpoint: { dir, resume: 'latest-good' } }).trainer.fit());
  expect(error.message).toMatch(/holds no whole checkpoint: step-00000015.* step-00000010.* step-00000005/);
  expect(readdirSync(dir)).toHaveLength(3);
});

it("'latest-good' starts where there is none", async () => {
  const { steps, damaged } = await toy({ steps: 2, checkpoint: { dir, resume: 'latest-good' } }).trainer.fit();
  expect([steps, damaged]).toEqual([2, []]);
});

it('a whole one is not deleted in favour of one that was damaged after it was written', async () => {
  const listed: string[][] = [];
  await toy({
    steps: 8,
    checkpoint: { dir, everySteps: 2, keep: 2 },
    observers: {
      onStep: ({ step }) => (step === 5 ? truncateSync(at(4), 100) : undefined),
      onCheckpoint: ({ step }) => (step === 6 ? void listed.push(readdirSync(dir)) : undefined),
    },
  }).trainer.fit();
  expect(listed[0]!.filter((name) => name.endsWith('.safetensors')).map((name) => Number(name.slice(5, 13)))).toEqual([
    2, 4, 6,
  ]);
});

it('what is saved last stays where later ones of another run were copied in meanwhile', async () => {
  const other = join(directory, 'other');
  await toy({ checkpoint: { dir: other } }).trainer.fit();
  await toy({
    steps: 5,
    checkpoint: { dir, everySteps: 2, keep: 1 },
    observers: {
      onStep: ({ step }) => (step === 3 ? copyFileSync(join(other, 'step-00000020.safetensors'), at(20)) : undefined),
    },
  }).trainer.fit();
  expect(readdirSync(dir)).toEqual(['step-00000005.safetensors', 'step-00000020.safetensors']);
});

it('damaged files in the directory do not count among those that are kept', async () => {
  await toy({ steps: 5, checkpoint: { dir, keep: 2 } }).trainer.fit();
  // Two that are newer by name and not whole: with keep 2 they would take the places of good ones.
  const other = join(directory, 'other');
  await toy({ checkpoint: { dir: other, keep: 4 } }).trainer.fit();
  const { pruneCheckpoints } = await import('./checkpoint-directory.js');
  for (const step of [10, 15]) {
    copyFileSync(join(other, `step-${String(step).padStart(8, '0')}.safetensors`), at(step));
    truncateSync(at(step), 1000);
  }
  await pruneCheckpoints(dir, 99, 2, (path) =>
    readCheckpoint(path).then(
      () => true,
      () => false,
    ),
  );
  expect(readdirSync(dir)).toHaveLength(3);
});

it('a checkpoint that lost its checksums is refused, one of version 1 never had any', async () => {
  await toy({ steps: 5, checkpoint: { dir } }).trainer.fit();
  const { tensors, metadata } = await loadSafetensors(at(5));
  const path = join(directory, 'rewritten.safetensors');
  await saveSafetensors(path, tensors, metadata);
  const bytes = readFileSync(path);
  const without = (version: string): Buffer => {
    const length = Number(bytes.readBigUInt64LE());
    const header = new Map(Object.entries(JSON.parse(bytes.subarray(8, 8 + length).toString()) as object));
    const {
      'ssl.checksum': _announced,
      'ssl.crc32': _sums,
      ...kept
    } = header.get('__metadata__') as Record<string, string>;
    header.set('__metadata__', { ...kept, version });
    const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([prefix, json, bytes.subarray(8 + length)]);
  };
  writeFileSync(path, without('2'));
  expect((await failure(readCheckpoint(path))).message).toContain('has lost its checksums');
  writeFileSync(path, without('1'));
  expect((await readCheckpoint(path)).record.step).toBe(5);
});

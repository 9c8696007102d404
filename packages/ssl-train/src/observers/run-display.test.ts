import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WriteStream } from 'node:tty';
import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '@selfsup/ssl-nn';
import { DataError } from '@selfsup/ssl-tensor/host';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batchSize, inputs, type ToyBatch, ToyLoader, ToyMethod, toy } from '../../test/toy-run.js';
import type { LogRecord } from './logging/jsonl-log.js';
import { BarProgress } from './progress/bar-progress.js';
import { LineProgress } from './progress/line-progress.js';
import type { ProgressReporter, ProgressStatus } from './progress/progress-reporter.js';
import { NotEnoughMemoryError } from '../step/not-enough-memory-error.js';
import * as machine from '../step/machine-memory.js';
import type { MethodLoss } from '../step/method.js';
import type { Tensors } from '../step/tensors.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-display-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

/** Lines as a pipe gets them. */
function piped(): { progress: ProgressReporter; lines: () => string[] } {
  let text = '';
  return {
    progress: new LineProgress({ stream: { write: (part: string) => (text += part) } }),
    lines: () => text.trimEnd().split('\n'),
  };
}

/** The states that a run shows. */
function watched(): { progress: ProgressReporter; updates: ProgressStatus[] } {
  const updates: ProgressStatus[] = [];
  return {
    updates,
    progress: {
      start: () => undefined,
      update: (status) => void updates.push(status),
      note: () => undefined,
      stop: () => undefined,
    },
  };
}

it('says before the first step what it waits for, what it will take and how long it compiled', async () => {
  const { progress, lines } = piped();
  await toy({ progress }).trainer.fit();
  const [waiting, compiling, memory, compiled, first, step, ...rest] = lines();
  expect([waiting, compiling, first]).toEqual([
    'toy: waiting for the first batch ...',
    'toy: compiling the step ...',
    'toy: first step ...',
  ]);
  expect(memory).toMatch(/^toy: takes about \d+ MB|\d\.\d GB of memory .* are free$/);
  expect(compiled).toMatch(/^toy: compiled the step in [\d.]+ m?s$/);
  expect(step).toMatch(/^toy: step 1\/20, epoch 1\/4, loss [\d.]+, [\d.]+ samples\/s, - left$/);
  expect(rest.filter((line) => / per step, /.test(line))).toHaveLength(1);
  expect(rest.at(-1)).toMatch(/step 20\/20, epoch 4\/4, .*, 0:00 left(?:, \d+ % waiting for data)?$/);
  expect(lines().join('')).not.toContain('\u001B');
});

describe('a resumed run', () => {
  const ema = { momentum: 0.99 };

  it('says from which step, epoch and file it goes on', async () => {
    await toy({ steps: 7, ema, checkpoint: { dir: directory } }).trainer.fit();
    const { progress, lines } = piped();
    await toy({ steps: 20, ema, progress, checkpoint: { dir: directory, resume: true } }).trainer.fit();
    const path = join(directory, 'step-00000007.safetensors');
    expect(lines()[0]).toBe(`The run goes on after step 7 of 20 (epoch 2 of 4, 2 of 5 steps), from ${path}`);
    expect(lines().find((line) => line.includes(' per step, '))).toMatch(/for the \d+ steps that are left$/);
    expect(lines().find((line) => line.startsWith('toy: step'))).toContain('step 8/20, epoch 2/4');
  });

  it('says when an epoch is whole, when there is nothing left, and when there was nothing to go on from', async () => {
    const say = async (steps: number): Promise<string> => {
      const { progress, lines } = piped();
      await toy({ steps, ema, progress, checkpoint: { dir: directory, resume: true } }).trainer.fit();
      return lines()[0]!;
    };
    expect(await say(10)).toBe(`${directory} holds no checkpoint to go on from: the run starts`);
    expect(await say(15)).toContain('The run goes on after step 10 of 15 (epoch 2 of 3 is done), from');
    expect(await say(15)).toContain('All 15 steps are done already (');
  });
});

it('shows what observers found: after an epoch on a line, after a step in the status', async () => {
  const { progress, lines } = piped();
  const { progress: watch, updates } = watched();
  const observers = {
    onStep: ({ step }: { step: number }) => ({ level: step / 100 }),
    onEpochEnd: ({ epoch }: { epoch: number }) => ({ knn: epoch / 10 }),
  };
  await toy({ progress, observers }).trainer.fit();
  expect(lines().filter((line) => line.includes('epoch 3: '))).toEqual(['toy: epoch 3: knn 0.3']);
  expect(lines().at(-2)).toMatch(/step 20\/20, .*, level 0\.19, knn 0\.3$/);
  await toy({ progress: watch, observers }).trainer.fit();
  expect(updates[7]!.figures).toEqual({ level: 0.07, knn: 0.1 });
});

describe('on a terminal', () => {
  const terminal = () => {
    const written: string[] = [];
    const stream = Object.assign(Object.create(WriteStream.prototype) as NodeJS.WriteStream, {
      isTTY: true,
      columns: 160,
      write: (text: string) => written.push(text) > 0,
    });
    return { stream, written, progress: new BarProgress({ stream, guard: [stream] }) };
  };

  it("keeps an observer's own lines apart from the bar", async () => {
    const { stream, written, progress } = terminal();
    const observers = { onStep: ({ step }: { step: number }) => void stream.write(`step ${step} is mine\n`) };
    await toy({ progress, observers }).trainer.fit();
    const lines = written
      .join('')
      .split('\n')
      .map((line) => line.split('\r\u001B[K').at(-1)!);
    expect(lines.filter((line) => line.includes('mine'))).toEqual(
      Array.from({ length: 20 }, (_, step) => `step ${step + 1} is mine`),
    );
    expect(written.join('')).toContain('compiling the step ...');
  });

  it('gives the stream back after an error', async () => {
    const { stream, progress } = terminal();
    const before = stream.write;
    const during: boolean[] = [];
    const observers = {
      onStep: () => {
        during.push(stream.write !== before);
        throw new DataError('full');
      },
    };
    await expect(toy({ progress, observers }).trainer.fit()).rejects.toThrow('full');
    expect([during, stream.write === before]).toEqual([[true], true]);
  });
});

describe('speed and time left', () => {
  /** The toy's batches, of which the last of an epoch has three samples. */
  class ShortLast extends ToyLoader {
    override async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<ToyBatch> {
      let position = fromBatch;
      for await (const { x, y } of super.epoch(epoch, fromBatch)) {
        const rows = ++position === this.batchesPerEpoch ? 3 : batchSize;
        yield {
          x: { data: x.data.slice(0, rows * inputs), shape: [rows, inputs] },
          y: { data: y.data.slice(0, rows), shape: [rows, 1] },
        };
      }
    }
  }

  /** The toy without noise, for batches of any size. */
  class AnySize extends ToyMethod {
    override loss({ x, y }: Tensors<ToyBatch>, ctx: ForwardContext): MethodLoss {
      return { loss: tf.mean(tf.squaredDifference(this.linear.forward(this.norm.forward(x, ctx)), y)) };
    }
  }

  it('leave out the steps that were compiled, and end at nothing', async () => {
    const { progress, updates } = watched();
    await toy({ progress, loader: new ToyLoader(2), steps: 6 }).trainer.fit();
    expect(updates[0]!.secondsLeft).toBeUndefined();
    expect(updates.slice(1).every(({ secondsLeft }) => secondsLeft! >= 0)).toBe(true);
    expect(updates.at(-1)!.secondsLeft).toBe(0);
    // Of the first step alone, and then without it.
    expect(updates[0]!.samplesPerSecond).toBeGreaterThan(0);
    expect(updates[1]!.samplesPerSecond).toBeGreaterThan(updates[0]!.samplesPerSecond);
  });

  it('do not take the short last batch, which is compiled by itself, for slow steps', async () => {
    const { progress, updates } = watched();
    await toy({ progress, method: new AnySize(), loader: new ShortLast(3), epochs: 2 }).trainer.fit();
    expect(updates.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 2],
      [6, 2],
    ]);
    expect(updates[2]!.samplesPerSecond).toBe(updates[1]!.samplesPerSecond);
    const perStep = batchSize / updates[1]!.samplesPerSecond;
    // Nothing was measured between, so that four steps take as long as the one that was; observers take next to nothing.
    expect(updates[1]!.secondsLeft! / (4 * perStep)).toBeCloseTo(1, 0);
  });

  it('count updates of several batches, and all their samples', async () => {
    const { progress, lines } = piped();
    const log = join(directory, 'log.jsonl');
    const { trainer } = toy({ progress, loader: new ToyLoader(5), epochs: 3, accumulateSteps: 2, logFile: log });
    const { steps, seconds } = await trainer.fit();
    expect(steps).toBe(6);
    expect(lines().at(-1)).toMatch(/step 6\/6, epoch 3\/3, .* 0:00 left(?:, \d+ % waiting for data)?$/);
    const records = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as LogRecord);
    const speeds = records.filter(({ type }) => type === 'step').map((record) => Number(record['samplesPerSecond']));
    // The first update, whose graphs are compiled, has 16 samples and is a part of the run.
    expect(speeds[0]).toBeGreaterThan((2 * batchSize) / seconds);
    expect(lines().filter((line) => line.includes('takes about'))).toHaveLength(1);
  });
});

describe('memory', () => {
  const small = { used: 1e8, free: 0, total: 1e8 };

  it('that is short is told before the first step, in the log and in the result', async () => {
    vi.spyOn(machine, 'machineMemory').mockReturnValue(small);
    const { progress, lines } = piped();
    const { notes, steps } = await toy({ progress, steps: 2 }).trainer.fit();
    expect(steps).toBe(2);
    expect(notes).toEqual([expect.stringMatching(/^the training will take about .* can be had/)]);
    expect(lines().indexOf(notes[0]!)).toBe(2);
  });

  it('that cannot be had refuses the run before it takes any', async () => {
    vi.spyOn(machine, 'machineMemory').mockReturnValue({ ...small, total: 5e7 });
    const { trainer, method } = toy({ steps: 2 });
    const before = method.linear.stateDict();
    await expect(trainer.fit()).rejects.toThrow(NotEnoughMemoryError);
    expect(method.linear.stateDict()).toEqual(before);
    const { steps, notes } = await toy({ steps: 2, memory: 'warn' }).trainer.fit();
    expect([steps, notes.length]).toEqual([2, 1]);
  });
});

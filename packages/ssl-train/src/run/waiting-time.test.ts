import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toy, ToyLoader, type ToyBatch } from '../../test/toy-run.js';
import { csvLog } from '../observers/logging/csv/csv-log.js';
import { logTo } from '../observers/logging/log-observer.js';
import type { ProgressStatus } from '../observers/progress/progress-reporter.js';
import type { StepEvent } from '../observers/trainer-observer.js';
import { WaitingTime } from './waiting-time.js';

/** Plays steps: how long each waits and computes, in seconds. */
async function played(steps: readonly (readonly [wait: number, work: number])[]): Promise<{
  readonly waiting: WaitingTime;
  readonly shares: number[];
  readonly told: string[];
  readonly closed: () => boolean;
}> {
  let now = 0;
  let isClosed = false;
  const waiting = new WaitingTime(() => now);
  async function* batches(): AsyncGenerator<number> {
    try {
      for (const [wait] of steps) {
        now += wait;
        yield wait;
      }
    } finally {
      isClosed = true;
    }
  }
  const [shares, told]: [number[], string[]] = [[], []];
  let [step, since] = [0, 0];
  for await (const wait of waiting.timed(batches())) {
    expect(wait).toBe(steps[step]![0]);
    now += steps[step]![1];
    waiting.add(++step, now - since, step === 1);
    since = now;
    if (step % 10 === 0) {
      shares.push(waiting.share);
      waiting.logged();
    }
    const text = waiting.advice(step);
    if (text !== undefined) told.push(text);
  }
  return { waiting, shares, told, closed: () => isClosed };
}

test('shares are those of the steps since the last logged one', async () => {
  const fast = Array.from({ length: 10 }, () => [0.1, 0.9] as const);
  const slow = Array.from({ length: 10 }, () => [3, 1] as const);
  const { shares, waiting, closed } = await played([...fast, ...slow]);
  expect(shares[0]).toBeCloseTo(0.1, 10);
  expect(shares[1]).toBeCloseTo(0.75, 10);
  expect(waiting.recentShare).toBeGreaterThan(0.6);
  expect(waiting.recentShare).toBeLessThan(0.75);
  expect(waiting.share).toBe(0);
  expect(closed()).toBe(true);
});

test('says once that a run mostly waits, and only where it does after its start', async () => {
  const run = (first: number, later: number, work = 0.2): Promise<{ told: string[] }> =>
    played(Array.from({ length: 300 }, (_, index) => [index < 50 ? first : later, work] as const));
  const { told } = await run(0, 0.2);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^50 % of the time of steps 51 to 100 was waiting for the loader\. .*workers/);
  expect((await run(5, 0.05)).told).toEqual([]);
  // A run of seconds needs no advice.
  expect((await run(0, 0.005, 0.001)).told).toEqual([]);
});

/** Batches that take a while each. */
class SlowLoader extends ToyLoader {
  override async *epoch(epoch: number, from = 0): AsyncGenerator<ToyBatch> {
    for await (const batch of super.epoch(epoch, from)) {
      await new Promise((done) => setTimeout(done, 40));
      yield batch;
    }
  }
}

test('a run tells it: events, both logs, the display; the history does not have it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'waiting-'));
  try {
    const [events, statuses]: [StepEvent[], ProgressStatus[]] = [[], []];
    const { trainer } = toy({
      loader: new SlowLoader(),
      logFile: join(folder, 'log.jsonl'),
      observers: [logTo(csvLog(join(folder, 'log.csv'))), { onStep: (event) => void events.push(event) }],
      logEvery: 5,
      progress: { start: () => {}, update: (status) => void statuses.push(status), note: () => {}, stop: () => {} },
    });
    const { history } = await trainer.fit();
    expect(Object.keys(history[0]!)).toEqual(['step', 'epoch', 'loss', 'learningRate', 'metrics']);
    expect(events).toHaveLength(20);
    for (const { waitingShare } of events.slice(5)) expect(waitingShare).toBeGreaterThan(0.5);
    expect(statuses.at(-1)!.waitingShare).toBeGreaterThan(0.5);
    const records = readFileSync(join(folder, 'log.jsonl'), 'utf8').trim().split('\n');
    const steps = records
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ type }) => type === 'step');
    expect(steps.map(({ waitingShare }) => typeof waitingShare)).toEqual([
      'number',
      'number',
      'number',
      'number',
      'number',
    ]);
    expect(readFileSync(join(folder, 'log.csv'), 'utf8').split('\r\n')[0]).toContain('run/waitingShare');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

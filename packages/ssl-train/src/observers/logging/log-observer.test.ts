import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInfo } from '../../../test/run-info.js';
import { type Settings, toy } from '../../../test/toy-run.js';
import { listCheckpoints } from '../../checkpoint/checkpoint-directory.js';
import type { RunControl, TrainerObserver } from '../trainer-observer.js';
import { csvLog } from './csv/csv-log.js';
import { JsonlLog } from './jsonl-log.js';
import { logTo } from './log-observer.js';
import type { RunLogger } from './run-logger.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A logger that keeps its calls. */
function kept(parts: Partial<RunLogger> = {}): { logger: RunLogger; calls: unknown[][] } {
  const calls: unknown[][] = [];
  const logger: RunLogger = {
    name: 'kept',
    open: ({ startStep }) => void calls.push(['open', startStep]),
    scalars: (step, values) => void calls.push([step, ...Object.keys(values)]),
    text: (step, name, text) => void calls.push([step, name, text]),
    close: (outcome) => void calls.push(['close', outcome]),
    ...parts,
  };
  return { logger, calls };
}

const train = [
  'train/loss',
  'train/learningRate',
  'train/absolute',
  'run/epoch',
  'run/samplesPerSecond',
  'run/waitingShare',
  'run/seconds',
];

it('tells of logged steps, what observers found, notes, checkpoints and the end', async () => {
  const { logger, calls } = kept({ flush: () => void calls.push(['flush']) });
  const other: TrainerObserver = {
    onStart: (_, run) => run.note('hello'),
    onStep: ({ step }, run) => (step === 2 ? run.note('halfway') : { level: step }),
    onEpochEnd: () => ({ loss: 1 }),
  };
  const observers = [other, logTo(logger)];
  await toy({ steps: 5, logEvery: 4, observers, checkpoint: { dir: directory } }).trainer.fit();
  expect(calls).toEqual([
    ['open', 0],
    [0, 'note', 'hello'],
    [1, ...train],
    [1, 'eval/level'],
    [2, 'note', 'halfway'],
    [3, 'eval/level'],
    [4, ...train],
    [4, 'eval/level'],
    [5, ...train],
    [5, 'eval/level'],
    [5, 'eval/loss'],
    ['flush'],
    ['close', 'finished'],
  ]);
});

it('says how it ended, and closes once', async () => {
  const outcome = async (settings: Settings, ...more: TrainerObserver[]): Promise<unknown[][]> => {
    const { logger, calls } = kept();
    const observers = [logTo(logger), ...more];
    await toy({ steps: 3, ...settings, observers })
      .trainer.fit()
      .catch(() => undefined);
    return calls.filter(([what, name]) => what === 'close' || name === 'error');
  };
  expect(await outcome({ signal: AbortSignal.abort() })).toEqual([['close', 'interrupted']]);
  expect(await outcome({}, { onStep: (_, run: RunControl) => run.stop('enough') })).toEqual([['close', 'finished']]);
  const failing = () => {
    throw new DataError('full');
  };
  expect(await outcome({}, { onStep: failing })).toEqual([
    [1, 'error', expect.stringMatching(/^full/)],
    ['close', 'failed'],
  ]);
  expect(await outcome({}, { onEnd: failing })).toEqual([['close', 'finished']]);
  expect(await outcome({}, { onStart: failing })).toEqual([
    [0, 'error', 'full'],
    ['close', 'failed'],
  ]);
});

it('closes what could not be opened, and hides no error behind its own', async () => {
  const fails = (text: string) => () => Promise.reject(new DataError(text));
  const { logger, calls } = kept({ open: fails('no server') });
  await expect(toy({ steps: 1, observers: logTo(logger) }).trainer.fit()).rejects.toThrow('no server');
  expect(calls).toEqual([['close', 'failed']]);
  const twice = kept({ scalars: fails('first'), close: fails('second') });
  await expect(toy({ steps: 1, observers: logTo(twice.logger) }).trainer.fit()).rejects.toThrow(
    /first[^]*Also: second/,
  );
});

it('keeps apart what has one name', async () => {
  const { logger, calls } = kept();
  const observer = logTo(logger);
  const run: RunControl = { stop: () => {}, save: () => {}, note: () => {} };
  await observer.onStart!(runInfo(), run);
  const entry = { step: 1, epoch: 1, loss: 1, learningRate: 1, metrics: { loss: 2, 'a/b[0] é': NaN } };
  await observer.onStep!({ step: 1, epoch: 1, loss: 1, learningRate: 1, entry, seconds: 1 }, run);
  expect(calls.at(-1)).toEqual([
    1,
    'train/loss',
    'train/learningRate',
    'train/metrics/loss',
    'train/a/b[0] é',
    'run/epoch',
    'run/seconds',
  ]);
});

describe('a run that goes on', () => {
  const path = (name: string): string => join(directory, name);
  /** Rows without what a clock says. */
  const rows = (name: string): string[] => {
    const [header, ...lines] = readFileSync(path(`${name}.csv`), 'utf8')
      .trim()
      .split('\r\n');
    const columns = header!.split(',');
    return [
      header!,
      ...lines.map((line) =>
        line
          .split(',')
          .filter((_, at) => !/seconds|samples|waiting/i.test(columns[at]!))
          .join(','),
      ),
    ];
  };
  const settings = (name: string, ...more: TrainerObserver[]): Settings => ({
    epochs: 4,
    checkpoint: { dir: path(name), everySteps: 5, keep: 9 },
    observers: [
      { onEpochEnd: ({ epoch }) => ({ knn: epoch / 10 }), onStep: ({ step }) => ({ level: step }) },
      logTo(csvLog(path(`${name}.csv`))),
      ...more,
    ],
  });

  it('has the rows of an unbroken one after an error in the middle of telling, and after a kill', async () => {
    await toy(settings('unbroken')).trainer.fit();
    expect(rows('unbroken')).toHaveLength(21);

    for (const hook of ['onStep', 'onEvaluation', 'onEpochEnd'] as const) {
      const failing: TrainerObserver = {
        [hook]: ({ step }: { step: number }) => {
          if (step === 10) throw new DataError('full');
        },
      };
      await expect(toy(settings(hook, failing)).trainer.fit()).rejects.toThrow('full');
      await toy(settings(hook)).trainer.fit();
      expect([hook, ...rows(hook)]).toEqual([hook, ...rows('unbroken')]);
    }

    await toy(settings('killed')).trainer.fit();
    for (const { step, path: file } of await listCheckpoints(path('killed'))) if (step > 10) rmSync(file);
    await toy(settings('killed')).trainer.fit();
    expect(rows('killed')).toEqual(rows('unbroken'));
  });

  it('tells a logger that cannot take back no number of a step twice', async () => {
    const seen: string[] = [];
    const observers = (...more: TrainerObserver[]): TrainerObserver[] => [
      { onStep: () => ({ level: 1 }) },
      logTo(
        kept({ scalars: (step, values) => void seen.push(...Object.keys(values).map((name) => `${step} ${name}`)) })
          .logger,
      ),
      ...more,
    ];
    const options = { steps: 4, checkpoint: { dir: directory } };
    const failing: TrainerObserver = {
      onEvaluation: ({ step }) => {
        if (step === 2) throw new DataError('full');
      },
    };
    await expect(toy({ ...options, observers: observers(failing) }).trainer.fit()).rejects.toThrow('full');
    await toy({ ...options, observers: observers() }).trainer.fit();
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((name) => name.endsWith('eval/level'))).toEqual(
      ['1', '2', '3', '4'].map((step) => `${step} eval/level`),
    );
  });

  it('gives a logger its state, and refuses what is none', async () => {
    const states: unknown[] = [];
    const withState = () => kept({ state: () => ({ id: 7 }), restore: (state) => void states.push(state) }).logger;
    const run = (steps: number) =>
      toy({
        steps,
        ema: { momentum: 0.99 },
        observers: logTo(withState()),
        checkpoint: { dir: directory },
      }).trainer.fit();
    await run(5);
    await run(10);
    expect(states).toEqual([{ id: 7 }]);
    for (const wrong of [null, 3, {}, { step: 1, names: 'a' }, { step: 0.5, names: [] }])
      expect(() => logTo(withState()).restore!(wrong)).toThrow('is no state of a logger');
  });
});

it('fits a JSONL file', async () => {
  const path = join(directory, 'log.jsonl');
  let log: JsonlLog | undefined;
  const jsonl: RunLogger = {
    name: 'jsonl',
    open: async ({ startStep }) => void (log = await JsonlLog.open(path, startStep)),
    scalars: (step, values) => log?.write({ type: 'step', step, ...values }),
    close: () => log?.close(),
  };
  await toy({ steps: 3, observers: logTo(jsonl) }).trainer.fit();
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(3);
});

it('refuses what is no logger', () => {
  const { logger } = kept();
  for (const [wrong, message] of [
    [undefined, 'logger must be a RunLogger, got undefined. Such as csvLog(path)'],
    [Promise.resolve(logger), 'got a promise'],
    [[logger], 'observers: loggers.map((logger) => logTo(logger))'],
    [{ ...logger, name: '' }, 'logger.name must be a name of its own'],
    [{ ...logger, scalars: undefined }, 'logger.scalars must be a function'],
    [{ ...logger, text: 'a' }, 'logger.text must be a function, or not there'],
    [{ ...logger, state: () => 1 }, 'both state and restore, or neither'],
  ] as const) {
    expect(() => logTo(wrong as RunLogger)).toThrow(InvalidOptionError);
    expect(() => logTo(wrong as RunLogger)).toThrow(message);
  }
});

it('has its state again as soon as it is restored: a checkpoint may come before it begins', () => {
  for (const logger of [kept({ state: () => ['kept'], restore: () => undefined }).logger, kept().logger]) {
    const observer = logTo(logger);
    const state = { step: 7, names: ['train/loss'], ...(logger.state === undefined ? {} : { logger: ['kept'] }) };
    observer.restore!(state);
    expect(observer.state!()).toEqual(state);
  }
});

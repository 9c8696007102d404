import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MlflowServer, type Trouble } from '../../../../test/mlflow-server.js';
import { runInfo } from '../../../../test/run-info.js';
import { toy } from '../../../../test/toy-run.js';
import { listCheckpoints } from '../../../checkpoint/checkpoint-directory.js';
import { logTo } from '../log-observer.js';
import type { RunLogger } from '../run-logger.js';
import { mlflowLog, type MlflowLogOptions } from './mlflow-log.js';

let server: MlflowServer;
beforeEach(async () => {
  server = await new MlflowServer().start();
});
afterEach(() => server.stop());

/** Generous, since the machine may be busy; those that wait in vain are {@link short}. */
const quick = { sendEveryMs: 0, timeoutMs: 20_000, closeMs: 20_000 };
const short = { timeoutMs: 200, closeMs: 400 };
const logger = (options: Partial<MlflowLogOptions> = {}): RunLogger =>
  mlflowLog({ url: server.url, experiment: 'toys', ...quick, ...options });

async function opened(
  options: Partial<MlflowLogOptions> = {},
  startStep = 0,
  state?: ReturnType<NonNullable<RunLogger['state']>>,
) {
  const told: string[] = [];
  const log = logger(options);
  if (state !== undefined) log.restore!(state);
  await log.open(runInfo({ startStep }), (text) => void told.push(text));
  return { log, told };
}

/** JSON there and back, as in a checkpoint. */
const saved = (log: RunLogger) =>
  JSON.parse(JSON.stringify(log.state!())) as ReturnType<NonNullable<RunLogger['state']>>;
const steps = (key = 'loss', run = server.runs[0]!): number[] =>
  run.metrics.filter((metric) => metric.key === key).map(({ step }) => step);
const settled = (): Promise<void> => vi.waitFor(() => expect(steps().length).toBeGreaterThan(0));

it('sends settings, numbers of any value and notes, and how the run ended', async () => {
  const { log, told } = await opened({
    runName: 'first',
    tags: { owner: 'me' },
    headers: { Authorization: 'Bearer x' },
  });
  await log.scalars(1, { loss: 0.5, 'acc[0]': NaN, up: Infinity, down: -Infinity });
  await log.text!(1, 'note', 'hello');
  await log.close('finished');
  await log.close('failed');
  const [run] = server.runs;
  expect(server.runs).toHaveLength(1);
  expect([server.experiments.get('toys'), run!.experiment, run!.name, run!.status]).toEqual([
    '1',
    '1',
    'first',
    'FINISHED',
  ]);
  expect(run!.metrics.map(({ key, value, step }) => [key.replace(/-\w{8}$/, ''), value, step])).toEqual([
    ['loss', 0.5, 1],
    ['acc_0_', 'NaN', 1],
    ['up', 'Infinity', 1],
    ['down', '-Infinity', 1],
  ]);
  expect(Object.fromEntries(run!.params)).toEqual({
    seed: '3',
    'optimizer.name': 'AdamW',
    'optimizer.rates': '[0.1,0.2]',
    method: 'toy',
  });
  expect(Object.fromEntries(run!.tags)).toMatchObject({
    owner: 'me',
    'note.0001': 'step 1: hello',
    'environment.versions.node': '20.19.0',
    totalSteps: '20',
  });
  expect(server.headers.every(({ authorization }) => authorization === 'Bearer x')).toBe(true);
  expect(told).toEqual([]);
  expect(JSON.stringify(saved(log))).not.toContain('Bearer');
});

it('sends many numbers in batches, in order', async () => {
  const { log } = await opened({ sendEveryMs: 60_000 });
  for (let step = 1; step <= 1300; step++) await log.scalars(step, { loss: step });
  await log.close('finished');
  expect(steps()).toEqual(Array.from({ length: 1300 }, (_, index) => index + 1));
  expect(server.requests.filter((endpoint) => endpoint === 'runs/log-batch').length).toBeLessThan(6);
});

describe('a server in trouble', () => {
  it('that is gone in the middle ends nothing: told once, sent when it is back', async () => {
    const { log, told } = await opened();
    await log.scalars(1, { loss: 1 });
    await settled();
    await server.stop();
    for (const step of [2, 3, 4]) {
      await log.scalars(step, { loss: step });
      await vi.waitFor(() => expect(saved(log)).toMatchObject({ waiting: { length: step - 1 } }));
    }
    await vi.waitFor(async () => {
      await log.flush!();
      expect(told).toHaveLength(1);
    });
    await server.start();
    await log.close('finished');
    expect(steps()).toEqual([1, 2, 3, 4]);
    expect(told).toEqual([
      expect.stringMatching(
        /^MLflow: .*no answer \((?:other side closed|.*ECONN.*)\)\. The training goes on; its numbers are kept/,
      ),
    ]);
    expect(server.runs[0]!.status).toBe('FINISHED');
  });

  it('that never comes is told at the start, and what did not arrive is counted at the end', async () => {
    await server.stop();
    const { log, told } = await opened(short);
    for (const step of [1, 2, 3]) await log.scalars(step, { loss: step, rate: 1 });
    const before = Date.now();
    await log.close('interrupted');
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(told).toEqual([
      expect.stringContaining('The training goes on'),
      expect.stringMatching(
        /^MLflow: 6 numbers did not reach the server \(.*\); a run that goes on from the checkpoint sends/,
      ),
    ]);
    await server.start();
  });

  it('that does not answer holds nobody up', async () => {
    server.trouble = () => 'hang';
    const before = Date.now();
    const { log, told } = await opened(short);
    await log.scalars(1, { loss: 1 });
    await log.close('finished');
    expect(Date.now() - before).toBeLessThan(10_000);
    expect(told[0]).toContain('no answer within 200 ms');
    expect(told[1]).toContain('1 numbers did not reach the server');
  });

  it('that took what it did not confirm gets it once, its run too', async () => {
    const dropped = new Set<string>();
    server.trouble = (endpoint): Trouble | undefined => {
      if (!['runs/create', 'runs/log-batch'].includes(endpoint) || dropped.has(endpoint)) return undefined;
      dropped.add(endpoint);
      return 'drop';
    };
    const { log } = await opened({ sendEveryMs: 60_000 });
    for (let step = 1; step <= 5; step++) await log.scalars(step, { loss: step });
    await log.close('finished');
    expect([...dropped]).toEqual(['runs/create', 'runs/log-batch']);
    expect([server.runs.length, steps()]).toEqual([1, [1, 2, 3, 4, 5]]);
  });

  it('that refuses one number gets all others', async () => {
    server.trouble = (_, { metrics }) =>
      (metrics as { key: string }[] | undefined)?.some(({ key }) => key === 'bad') === true
        ? { status: 400 }
        : undefined;
    const { log, told } = await opened({ sendEveryMs: 60_000 });
    for (let step = 1; step <= 40; step++)
      await log.scalars(step, step === 17 ? { loss: step, bad: 1 } : { loss: step });
    await log.close('finished');
    expect(steps()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect(told).toEqual([
      expect.stringMatching(/^MLflow refuses bad, which is left out there: .*answers 400: in trouble/),
      'MLflow: 1 numbers did not reach the server',
    ]);
  });

  it.each([
    [401, undefined, /answers 401: in trouble/],
    [200, '<html>', /answers 200: no JSON; is it an MLflow server\?/],
    [404, '<html>', /answers 404: no JSON/],
  ])('that answers %i %s at the start ends the run before its first step', async (status, body, message) => {
    server.trouble = () => ({ status, ...(body === undefined ? {} : { body }) });
    const steps: number[] = [];
    const { trainer } = toy({ observers: [logTo(logger()), { onStep: ({ step }) => void steps.push(step) }] });
    const error: unknown = await trainer.fit().catch((cause: unknown) => cause);
    expect(DataError.isInstance(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
    expect(steps).toEqual([]);
  });

  it('keeps no more than asked for', async () => {
    await server.stop();
    const { log, told } = await opened({ ...short, maxWaiting: 5 });
    for (let step = 1; step <= 9; step++) await log.scalars(step, { loss: step });
    expect((saved(log) as { waiting: { step: number }[] }).waiting.map(({ step }) => step).at(-1)).toBe(9);
    await log.close('finished');
    expect(told).toContainEqual('more than 5 numbers wait for MLflow: the oldest are given up');
    expect(told.at(-1)).toMatch(/9 numbers did not reach/);
    await server.start();
  });
});

describe('a run that goes on', () => {
  it('goes on in the same MLflow run with what waited, and sends no step again', async () => {
    const { log } = await opened();
    for (const step of [1, 2, 3]) await log.scalars(step, { loss: step });
    await vi.waitFor(() => expect(steps()).toEqual([1, 2, 3]));
    await server.stop();
    await log.scalars(4, { loss: NaN, rate: 1 });
    const state = saved(log);
    await server.start();
    // The part that is killed later sends more; the checkpoint does not know.
    for (const step of [5, 6]) await log.scalars(step, { loss: step });
    await vi.waitFor(
      async () => {
        await log.flush!();
        expect(steps().at(-1)).toBe(6);
      },
      { timeout: 5000 },
    );

    const { log: second, told } = await opened({}, 4, state);
    for (const step of [5, 6, 7]) await second.scalars(step, { loss: -step });
    await second.close('finished');
    expect([server.runs.length, steps(), steps('rate')]).toEqual([1, [1, 2, 3, 4, 5, 6, 7], [4]]);
    expect(server.runs[0]!.metrics.filter(({ key }) => key === 'loss').map(({ value }) => value)).toEqual([
      1,
      2,
      3,
      'NaN',
      5,
      6,
      -7,
    ]);
    expect([told, server.runs[0]!.status]).toEqual([[], 'FINISHED']);
    await log.close('failed');
  });

  it('finds its run also where the server came after the checkpoint', async () => {
    await server.stop();
    const { log } = await opened();
    await log.scalars(1, { loss: 1 });
    const state = saved(log);
    await server.start();
    await log.close('interrupted');
    const { log: second } = await opened({}, 1, state);
    await second.scalars(2, { loss: 2 });
    await second.close('finished');
    expect([server.runs.length, steps()]).toEqual([1, [1, 2]]);
  });

  it('begins anew where the server has it no more, or the checkpoint has nothing of it', async () => {
    const { log } = await opened();
    await log.scalars(1, { loss: 1 });
    await settled();
    const state = saved(log);
    await log.close('interrupted');
    server.runs[0]!.deleted = true;
    const { log: second, told } = await opened({}, 1, state);
    await second.close('finished');
    expect(told).toEqual(['MLflow has no run run1 any more: the numbers go on in a new run, run2']);
    const { log: third, told: toldThird } = await opened({}, 1);
    await third.close('finished');
    expect(toldThird).toEqual(['MLflow has nothing of the steps before: its run begins after step 1']);
    expect(server.runs.map(({ status }) => status)).toEqual(['KILLED', 'FINISHED', 'FINISHED']);
  });

  it('has every step once in a whole training that is cut short', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ssl-mlflow-'));
    try {
      const run = () =>
        toy({
          epochs: 4,
          checkpoint: { dir: directory, keep: 9 },
          observers: logTo(logger()),
        }).trainer.fit();
      await run();
      for (const { step, path } of await listCheckpoints(directory)) if (step > 10) rmSync(path);
      await run();
      const all = Array.from({ length: 20 }, (_, index) => index + 1);
      expect([server.runs.length, steps('train/loss'), steps('run/seconds')]).toEqual([1, all, all]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('refuses what is no state', () => {
    for (const wrong of [
      null,
      {},
      { run: { key: "'" }, notes: 0, waiting: [] },
      { run: { key: 'a' }, notes: 0, waiting: [{}] },
    ])
      expect(() => logger().restore!(wrong)).toThrow('is no state of mlflowLog');
  });
});

it('throws nothing beside the training, whoever is told', async () => {
  await server.stop();
  const log = logger(short);
  await log.open(runInfo(), () => {
    throw new DataError('the screen is full');
  });
  await log.scalars(1, { loss: 1 });
  await vi.waitFor(() => expect(() => log.scalars(2, { loss: 1 })).toThrow('the screen is full'));
  await Promise.resolve(log.close('failed')).catch(() => undefined);
  await server.start();
});

it('refuses what cannot be meant', () => {
  const make = (options: object) => () => mlflowLog({ url: 'http://h', experiment: 'e', ...options });
  for (const [options, message] of [
    [{ url: 'localhost:5000' }, "url must be an address such as 'http://127.0.0.1:5000'"],
    [{ url: 'http://me:secret@h' }, /without a password.*headers: \{ Authorization/],
    [{ experiment: '' }, 'experiment must be a name'],
    [{ tags: { a: 1 } }, 'tags.a must be a text'],
    [{ headers: [] }, 'headers must be a record of texts'],
    [{ timeoutMs: 0 }, 'timeoutMs must be positive'],
    [{ maxWaiting: 0 }, 'maxWaiting must be a positive integer'],
    [{ token: 'x' }, 'token must be a known option'],
  ] as const) {
    expect(make(options)).toThrow(InvalidOptionError);
    expect(make(options)).toThrow(message);
  }
  expect(make({ url: 'http://me:secret@h' })).not.toThrow(/secret/);
  expect(make({ url: 'https://h/mlflow/' })().name).toBe('mlflowLog https://h/mlflow e');
});

// Sends an interrupted and resumed run to a real MLflow server on this machine, which is stopped and started in the middle,
// and reads back what it has. Makes a virtual environment with mlflow from PyPI: minutes.
//
//   npm run test:mlflow -- [--python /path/to/python3]
//
// --python   one that has mlflow, in place of a new environment
import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { mlflowLog, type JsonValue } from '@selfsup/ssl-train';
import { runInfo } from '../../packages/ssl-train/test/run-info.js';
import { call, pythonWith } from './python-with.js';

interface Run {
  readonly info: { readonly run_id: string; readonly run_name: string; readonly status: string };
  readonly data: {
    readonly metrics: readonly { readonly key: string }[];
    readonly params: readonly { readonly key: string; readonly value: string }[];
    readonly tags: readonly { readonly key: string; readonly value: string }[];
  };
}

const { values: options } = parseArgs({ options: { python: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'ssl-mlflow-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
let server: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port: found } = taken.address() as AddressInfo;
  taken.close();
  await once(taken, 'close');
  return found;
}

async function start(python: string): Promise<void> {
  const store = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`];
  const artifacts = ['--artifacts-destination', join(folder, 'artifacts')];
  const address = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  // A group of its own, since it starts others.
  server = spawn(python, ['-m', 'mlflow', 'server', ...store, ...artifacts, ...address], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
  });
  for (const until = Date.now() + 120_000; Date.now() < until; await delay(500))
    if ((await fetch(`${url}/health`).catch(() => undefined))?.ok === true) return;
  throw new Error('the server does not come up');
}

async function stop(): Promise<void> {
  if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, 'exit');
  process.kill(-server.pid, 'SIGKILL');
  await ended;
}

async function ask(path: string, body?: object): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    ...init,
    headers: { 'Content-Type': 'application/json' },
  });
  return response.json();
}

async function history(run: string, key: string): Promise<(readonly [step: number, value: number | string])[]> {
  const query = new URLSearchParams({ run_id: run, metric_key: key }).toString();
  const { metrics } = (await ask(`metrics/get-history?${query}`)) as { metrics: { step: number; value: number }[] };
  return metrics.map(({ step, value }) => [step, value] as const).sort(([a], [b]) => a - b);
}

const told: string[] = [];
const logger = () =>
  mlflowLog({ url, experiment: 'ssl täst', runName: 'interrupted', sendEveryMs: 0, closeMs: 60_000 });
const open = async (startStep: number, state?: JsonValue) => {
  const log = logger();
  if (state !== undefined) log.restore!(state);
  await log.open(runInfo({ startStep }), (text) => void told.push(text));
  return log;
};
const odd = ['acc[0]', '../up', 'größe/a b', '🙂', 'x'.repeat(300)];
const values = (step: number, part: number): Record<string, number> => ({
  loss: part + step,
  ...Object.fromEntries(odd.map((name, index) => [name, index + step])),
  ...(step === 2 ? { bad: NaN, up: Infinity, down: -Infinity } : {}),
});

try {
  const python = options.python ?? pythonWith(folder, 'mlflow');
  await start(python);
  const first = await open(0);
  for (let step = 1; step <= 400; step++) await first.scalars(step, values(step, 0));
  await first.text!(400, 'note', 'hello');
  await first.flush!();
  await delay(3000);
  await stop();
  for (let step = 401; step <= 500; step++) await first.scalars(step, values(step, 0));
  const state = JSON.parse(JSON.stringify(first.state!())) as JsonValue;
  assert.ok((state as { waiting: unknown[] }).waiting.length >= 600, 'what the stopped server does not have waits');
  await start(python);
  // As a part of the run that is killed later: it sends steps that the checkpoint does not know.
  for (let step = 501; step <= 510; step++) await first.scalars(step, values(step, 0));
  await first.close('interrupted');

  const second = await open(500, state);
  for (let step = 501; step <= 520; step++) await second.scalars(step, values(step, 1000));
  await second.close('finished');

  const { experiment } = (await ask(
    `experiments/get-by-name?${new URLSearchParams({ experiment_name: 'ssl täst' }).toString()}`,
  )) as { experiment: { experiment_id: string } };
  const { runs } = (await ask('runs/search', { experiment_ids: [experiment.experiment_id] })) as { runs: Run[] };
  assert.equal(runs.length, 1);
  const [{ info, data }] = runs as [Run];
  assert.deepEqual([info.status, info.run_name], ['FINISHED', 'interrupted']);
  const loss = Array.from({ length: 520 }, (_, index) => [index + 1, index + 1 + (index < 510 ? 0 : 1000)]);
  assert.deepEqual(await history(info.run_id, 'loss'), loss);
  const keys = data.metrics.map(({ key }) => key);
  assert.equal(keys.length, 1 + odd.length + 3, keys.join());
  for (const key of keys.filter((name) => !['loss', 'bad', 'up', 'down'].includes(name))) {
    const found = await history(info.run_id, key);
    assert.deepEqual(
      found.map(([step]) => step),
      loss.map(([step]) => step),
      key,
    );
  }
  assert.deepEqual(await history(info.run_id, 'bad'), [[2, 'NaN']]);
  const [[, up], [, down]] = [(await history(info.run_id, 'up'))[0]!, (await history(info.run_id, 'down'))[0]!];
  // Its SQL store keeps the largest number in place of infinity.
  assert.ok(Number(up) > 1e308 && Number(down) < -1e308, `${up} ${down}`);
  assert.ok(data.params.some(({ key, value }) => key === 'optimizer.rates' && value === '[0.1,0.2]'));
  assert.ok(data.tags.some(({ key, value }) => key === 'note.0001' && value === 'step 400: hello'));
  assert.equal(told.length, 1, told.join('\n'));
  assert.match(told[0]!, /The training goes on/);
  console.log(call(python, '-m', 'mlflow', '--version').trim());
  console.log(`${keys.length} metrics of 520 steps, each once and none lost; told: ${told[0]!}`);
} finally {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}

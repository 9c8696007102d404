import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInfo } from '../../../../test/run-info.js';
import { csvLog } from './csv-log.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-csv-'));
  path = join(directory, 'deep', 'log.csv');
});
afterEach(() => rmSync(directory, { recursive: true }));

const read = (): string => readFileSync(path, 'utf8');
const opened = async (startStep = 0, told: string[] = []) => {
  const log = csvLog(path);
  await log.open(runInfo({ startStep }), (text) => void told.push(text));
  return log;
};

it('has a row per step at once, all of a step in one row, and every number in full', async () => {
  const log = await opened();
  await log.scalars(1, { 'train/loss': 0.1 + 0.2, 'bad[0]': NaN });
  expect(read()).toBe('step,train/loss,bad[0]\r\n1,0.30000000000000004,NaN\r\n');
  await log.scalars(2, { 'train/loss': Infinity });
  await log.scalars(2, { 'bad[0]': -Infinity });
  await log.scalars(10, { 'train/loss': 5e-324 });
  await log.close('finished');
  await log.close('finished');
  expect(read()).toBe('step,train/loss,bad[0]\r\n1,0.30000000000000004,NaN\r\n2,Infinity,-Infinity\r\n10,5e-324,\r\n');
  expect(readdirSync(dirname(path))).toEqual(['log.csv']);
});

it('puts a name that comes later behind the others, and loses none, whoever waits', async () => {
  const log = await opened();
  void log.scalars(1, { loss: 3 });
  void log.scalars(1, { 'eval/knn, "k" = 5': 0.5 });
  void log.scalars(2, { 'größe\n🙂': 1, loss: 2 });
  await log.flush?.();
  expect(read()).toBe('step,loss,"eval/knn, ""k"" = 5","größe\n🙂"\r\n1,3,0.5,\r\n2,2,,1\r\n');
  await log.scalars(2, { loss: 12345 });
  await log.scalars(2, { loss: 4 });
  expect(read()).toMatch(/\r\n2,4,,1\r\n$/);
  await log.close('finished');
});

it('goes on after the step of a resumed run, with columns and last row as they were', async () => {
  const first = await opened();
  for (const step of [1, 2, 3, 4]) await first.scalars(step, { a: step, '"q",\n': -step });
  await first.close('failed');
  appendFileSync(path, '5,');
  const told: string[] = [];
  const second = await opened(2, told);
  await second.scalars(2, { knn: 0.5 });
  await second.scalars(3, { a: 30 });
  await second.close('finished');
  expect(read()).toBe('step,a,"""q"",\n",knn\r\n1,1,-1,\r\n2,2,-2,0.5\r\n3,30,,\r\n');
  expect(told).toEqual([]);
});

it('begins anew with a fresh run, and says what a resumed one misses', async () => {
  const told: string[] = [];
  const missing = await opened(7, told);
  await missing.scalars(8, { a: 1 });
  await missing.close('finished');
  expect(told).toEqual([`${path}: there is no log of the steps before; it begins after step 7`]);
  await (await opened(0)).close('finished');
  expect(read()).toBe('step\r\n');
});

it('reads what a spreadsheet saved', async () => {
  mkdirSync(dirname(path));
  writeFileSync(path, '\uFEFFstep,"a"\n1,"0.5"\nx,1\n2,3,4\n3,1\n');
  const log = await opened(2);
  await log.scalars(3, { a: 2 });
  await log.close('finished');
  expect(read()).toBe('step,a\r\n1,0.5\r\n3,2\r\n');
});

it('leaves another file as it is', async () => {
  mkdirSync(dirname(path));
  for (const text of ['name,step\r\nx,1\r\n', 'step,a,a\r\n', 'step']) {
    writeFileSync(path, text);
    await expect(opened(1)).rejects.toThrow(/is no log of csvLog/);
    expect(read()).toBe(text);
  }
  rmSync(path);
  mkdirSync(path);
  await expect(opened(0)).rejects.toThrow(/is no file/);
});

it('is one run’s, and notices when it is taken away', async () => {
  const log = await opened();
  await log.scalars(1, { a: 1 });
  await expect(opened()).rejects.toThrow(/in use by this very process/);
  expect(read()).toBe('step,a\r\n1,1\r\n');
  rmSync(path);
  const error: unknown = await Promise.resolve(log.scalars(2, { a: 1 })).catch((cause: unknown) => cause);
  expect(DataError.isInstance(error)).toBe(true);
  expect((error as Error).message).toContain('the log was removed while the run went on');
  await log.close('failed');
});

it('refuses what would be something else', async () => {
  for (const wrong of ['', '~/log.csv', undefined, new URL('file:///tmp/a')])
    expect(() => csvLog(wrong as string)).toThrow(InvalidOptionError);
  const log = await opened();
  expect(() => log.scalars(1.5, { a: 1 })).toThrow(/step must be an integer of 0 or more/);
  expect(() => log.scalars(1, { step: 1 })).toThrow(/under another name/);
  await log.close('finished');
});

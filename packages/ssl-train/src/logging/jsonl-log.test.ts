import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DataError } from 'ssl-tensor/host';
import { JsonlLog } from './jsonl-log.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-log-'));
  path = join(directory, 'deep', 'log.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('writes a line at once', async () => {
  const log = await JsonlLog.open(path, 0);
  log.write({ type: 'step', step: 1, loss: NaN });
  expect(readFileSync(path, 'utf8')).toBe('{"type":"step","step":1,"loss":"NaN"}\n');
  log.close();
  log.close();
});

it('keeps whole lines up to the resumed step', async () => {
  const first = await JsonlLog.open(path, 0);
  for (let step = 1; step <= 4; step++) first.write({ type: 'step', step });
  first.close();
  const second = await JsonlLog.open(path, 2);
  second.write({ type: 'step', step: 3, again: true });
  second.close();
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { type: 'step', step: 1 },
    { type: 'step', step: 2 },
    { type: 'step', step: 3, again: true },
  ]);
});

it('starts anew for a fresh run', async () => {
  const first = await JsonlLog.open(path, 0);
  first.write({ type: 'step', step: 1 });
  first.close();
  (await JsonlLog.open(path, 0)).close();
  expect(readFileSync(path, 'utf8')).toBe('');
});

it('names the file that it cannot open', async () => {
  await expect(JsonlLog.open(directory, 0)).rejects.toThrow(DataError);
});

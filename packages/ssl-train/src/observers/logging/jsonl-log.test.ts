import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryName } from '@selfsup/ssl-core/files';
import { DataError } from '@selfsup/ssl-tensor/host';
import { JsonlLog } from './jsonl-log.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ssl-train-log-'));
  path = join(directory, 'deep', 'log.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

const lines = (): unknown[] =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

it('writes a line at once', async () => {
  const log = await JsonlLog.open(path, 0);
  log.write({ type: 'step', step: 1, loss: NaN });
  expect(readFileSync(path, 'utf8')).toBe('{"type":"step","step":1,"loss":"NaN"}\n');
  await log.close();
  await log.close();
  expect(readdirSync(dirname(path))).toEqual(['log.jsonl']);
});

it('keeps whole lines up to the resumed step', async () => {
  const first = await JsonlLog.open(path, 0);
  for (let step = 1; step <= 4; step++) first.write({ type: 'step', step });
  await first.close();
  appendFileSync(path, '{"type":"st');
  const second = await JsonlLog.open(path, 2);
  second.write({ type: 'step', step: 3, again: true });
  await second.close();
  expect(lines()).toEqual([
    { type: 'step', step: 1 },
    { type: 'step', step: 2 },
    { type: 'step', step: 3, again: true },
  ]);
});

it('keeps lines whose text holds what ends a line for some programs', async () => {
  const text = 'a\u2028b\u2029c\u0085d\r\ne';
  const first = await JsonlLog.open(path, 0);
  first.write({ type: 'start', step: 0, text });
  first.write({ type: 'note', step: 1, text: 'é'.repeat(100_000) });
  await first.close();
  const kept = lines();
  await (await JsonlLog.open(path, 1)).close();
  expect(lines()).toEqual(kept);
  expect(kept[0]).toEqual({ type: 'start', step: 0, text });
});

it('of a link, goes on with the file that it leads to', async () => {
  const target = join(directory, 'large-disk.jsonl');
  mkdirSync(dirname(path));
  symlinkSync(target, path);
  for (const step of [0, 1]) {
    const log = await JsonlLog.open(path, step);
    log.write({ type: 'step', step: step + 1 });
    await log.close();
  }
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toBe('{"type":"step","step":1}\n{"type":"step","step":2}\n');
  expect([readdirSync(directory), readdirSync(dirname(path))]).toEqual([['deep', 'large-disk.jsonl'], ['log.jsonl']]);
});

it.skipIf(process.platform === 'win32')('does not stand still before a pipe that nobody reads', async () => {
  mkdirSync(dirname(path));
  execFileSync('mkfifo', [path]);
  await expect(JsonlLog.open(path, 0)).rejects.toThrow(`${path}: is a pipe that nobody reads. Start its reader first`);
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  // The advice: the reader has come once opening does not wait.
  const open = async (): Promise<JsonlLog> => JsonlLog.open(path, 0).catch(open);
  const log = await open();
  log.write({ type: 'step', step: 1 });
  await log.close();
  expect(String((await once(reader.stdout, 'data'))[0])).toBe('{"type":"step","step":1}\n');
});

it('starts anew for a fresh run', async () => {
  const first = await JsonlLog.open(path, 0);
  first.write({ type: 'step', step: 1 });
  await first.close();
  await (await JsonlLog.open(path, 0)).close();
  expect(readFileSync(path, 'utf8')).toBe('');
});

it('names the file that it cannot open', async () => {
  await expect(JsonlLog.open(directory, 0)).rejects.toThrow(DataError);
});

it('has one writer', async () => {
  const first = await JsonlLog.open(path, 0);
  first.write({ type: 'step', step: 1 });
  await expect(JsonlLog.open(path, 0)).rejects.toThrow(/is in use by this very process.*\(training, since/);
  first.write({ type: 'step', step: 2 });
  await first.close();
  expect(lines()).toHaveLength(2);
  const other = await JsonlLog.open(join(dirname(path), 'other.jsonl'), 0);
  const again = await JsonlLog.open(path, 2);
  await again.close();
  await other.close();
});

it('clears what a dead writer left beside it, and nothing else', async () => {
  mkdirSync(dirname(path));
  const source = fileURLToPath(import.meta.resolve('@selfsup/ssl-core/files'));
  const dead = execFileSync(
    process.execPath,
    [
      '--import',
      'tsx',
      '--conditions=ssl-source',
      '--input-type=module',
      '-e',
      `import { temporaryName } from ${JSON.stringify(source)}; console.log(temporaryName(${JSON.stringify(path)}))`,
    ],
    { encoding: 'utf8' },
  ).trim();
  const living = temporaryName(path);
  for (const name of [dead, living, `${path}.123.tmp`]) writeFileSync(name, 'x');
  await (await JsonlLog.open(path, 0)).close();
  expect([dead, living, `${path}.123.tmp`].map((name) => existsSync(name))).toEqual([false, true, true]);
});

describe('a line that would be lost is an error', () => {
  it('when the file was removed, or another lies in its place', async () => {
    const log = await JsonlLog.open(path, 0);
    log.write({ type: 'step', step: 1 });
    renameSync(path, `${path}.1`);
    expect(() => log.write({ type: 'step', step: 2 })).toThrow(`${path}: the log was removed while the run went on`);
    writeFileSync(path, '');
    expect(() => log.write({ type: 'step', step: 2 })).toThrow('the log was replaced by another file');
    renameSync(`${path}.1`, path);
    log.write({ type: 'step', step: 2 });
    await log.close();
    expect(lines()).toHaveLength(2);
  });

  it.skipIf(!existsSync('/dev/full'))('when the disk is full', async () => {
    const log = await JsonlLog.open('/dev/full', 0);
    expect(() => log.write({ type: 'step', step: 1 })).toThrow(
      '/dev/full: the log cannot be written: the disk is full (ENOSPC). Free some room (df -h; df -i for the number of files), or choose another disk',
    );
    await log.close();
    expect(existsSync('/dev/full.lock')).toBe(false);
  });

  it.skipIf(process.platform === 'win32')('when it was written in part, which is taken back', () => {
    const script = `import { JsonlLog } from ${JSON.stringify(fileURLToPath(new URL('jsonl-log.ts', import.meta.url)))};
      const log = await JsonlLog.open(${JSON.stringify(path)}, 0);
      log.write({ type: 'step', step: 1 });
      try { log.write({ type: 'step', step: 2, words: 'x'.repeat(300_000) }); } catch (error) { console.log(error.message); }
      log.write({ type: 'step', step: 3 });
      await log.close();`;
    // A limit of the file's size: the first write ends within the line, the next one fails.
    const { stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        'ulimit -f 100; exec "$0" --import tsx --conditions=ssl-source --input-type=module -e "$1"',
        process.execPath,
        script,
      ],
      { encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    );
    expect(stdout + stderr).toContain(
      `${path}: the log cannot be written: larger than the file system or a limit allows (EFBIG)`,
    );
    expect(lines()).toEqual([
      { type: 'step', step: 1 },
      { type: 'step', step: 3 },
    ]);
  });

  it('when the record is none that JSON can hold', async () => {
    const log = await JsonlLog.open(path, 0);
    expect(() => log.write({ type: 'step', step: 1, big: 1n })).toThrow(DataError);
    await log.close();
    expect(readFileSync(path, 'utf8')).toBe('');
  });
});

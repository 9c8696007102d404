/** The guide's programs, made small: what is taken off is size and length only. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { unexpectedErrorOutput } from '../packaging/expected-output.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject, runSource, shellWords } from './run-source.js';

// Each program is a process that compiles its step.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const blocks = markdownBlocks(readRepositoryFile('docs/guides/own-encoder.md'));
const programs = blocks.filter(({ language }) => language === 'js');
const outputs = new Map<string, Awaited<ReturnType<typeof runSource>>>();
let folder: string;

beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, 'photos', 'cats'), { recursive: true });
  for (let i = 0; i < 16; i++) {
    const stream = new RandomStream(foldIn(randomKey(1), i));
    const pixels = Array.from({ length: 20 * 18 * 3 }, () => stream.integer(256));
    await writeFile(join(folder, 'photos', 'cats', `${i}.ppm`), `P3\n18 20\n255\n${pixels.join(' ')}\n`);
  }
  for (const { code } of programs) {
    const name = /^\/\/ (?<name>[\w.-]+):/.exec(code)!.groups!['name']!;
    await writeFile(join(folder, name), code.replace('= [100, 128, 32];', '= [4, 8, 16];'));
  }
  for (const line of blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ code }) => code.trim().split('\n'))) {
    // The workspace is what would be installed.
    if (line.startsWith('npm install ')) continue;
    const [, script = '', ...args] = shellWords(line);
    outputs.set(script, await runSource(join(folder, script), args, folder));
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('every program of the guide was run', () => {
  const names = programs.map(({ code }) => /^\/\/ (?<name>[\w.-]+):/.exec(code)!.groups!['name']);
  expect([...outputs.keys()]).toEqual(names);
  for (const { code } of programs) expect(code).toContain('= [100, 128, 32];');
  for (const [script, { status, stderr }] of outputs)
    expect({ script, status, stderr: unexpectedErrorOutput(stderr) }).toEqual({ script, status: 0, stderr: '' });
});

test("an encoder of one's own is 20 lines, and is saved under its fields' names", async () => {
  const [code] = /class OwnEncoder[\s\S]*?\n\}\n/.exec(programs[0]!.code)!;
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(20);
  const { tensors } = await loadSafetensors(join(folder, 'encoder.safetensors'));
  expect([...tensors.keys()]).toEqual(expect.arrayContaining(['conv1.weight', 'norm2.running_mean']));
  expect(tensors.get('conv2.weight')!.shape).toEqual([128, 64, 3, 3]);
  expect((await readFile(join(folder, 'encoder.onnx'))).length).toBeGreaterThan(10_000);
});

test('its file teaches a model of tf.layers', async () => {
  expect(outputs.get('distil.js')!.stdout).toMatch(/^128 features, similarity -?0\.\d+$/m);
  const { tensors } = await loadSafetensors(join(folder, 'student.safetensors'));
  expect([...tensors.keys()]).toEqual(
    expect.arrayContaining(['layers.0.kernel', 'layers.1.moving_mean', 'layers.3.depthwise_kernel']),
  );
});

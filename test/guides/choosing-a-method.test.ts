import { mkdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCli } from '../../apps/benchmark/test/run-cli.js';
import { readRepositoryFile } from '../structure/repository-files.js';
import { markdownBlocks } from './markdown-blocks.js';
import { emptyProject, runSource, shellWords } from './run-source.js';

// Each command is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const blocks = markdownBlocks(readRepositoryFile('docs/guides/choosing-a-method.md'));
const lines = blocks.flatMap(({ language, code }) => (language === 'sh' ? code.trim().split('\n') : []));
const chooser = 'npx @selfsup/ssl-benchmark ';

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, 'photos'));
  for (let i = 0; i < 12; i++) {
    const pixels = Array.from({ length: 16 * 16 * 3 }, (_, at) => (at * (i + 7)) % 256);
    await writeFile(join(folder, 'photos', `${i}.ppm`), `P3\n16 16\n255\n${pixels.join(' ')}\n`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

test('the guide has commands and one program', () => {
  expect(blocks.map(({ language }) => language).filter((language) => language !== 'sh')).toEqual(['js']);
  expect(lines.filter((line) => line.startsWith(chooser))).toHaveLength(lines.length - 1);
});

test('every command ranks methods', async () => {
  const told = await Promise.all(
    lines
      .filter((line) => line.startsWith(chooser))
      .map((line) => runCli([...shellWords(line.slice(chooser.length)), '--cores', '2'])),
  );
  for (const { status, stdout, stderr } of told) {
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^method {2,}score|^\{\n {2}"ranked"/);
  }
});

test('the program chooses, and trains what it has chosen', async () => {
  const { code } = blocks.find(({ language }) => language === 'js')!;
  const end = '...ranked[0].options }';
  expect(code).toContain(end);
  // Small: one epoch of small batches.
  await writeFile(
    join(folder, 'choose.js'),
    code.replace(end, "...ranked[0].options, batchSize: 4, epochs: 1, watch: false, progress: 'silent' }"),
  );
  const { status, stdout, stderr } = await runSource('choose.js', ['photos'], folder);
  expect([status, stderr]).toEqual([0, '']);
  const [first] = stdout.split('\n');
  expect(first).toMatch(/^[a-z-\d]+ \(-?\d+\): -?\d+ (?:measured|facts): /);
  expect(stdout).toContain('not supcon: it learns from classes');
  expect(stdout).toContain(`${first!.split(' ')[0]!}, `);
  expect(existsSync(join(folder, 'runs/chosen/encoder.onnx'))).toBe(true);
});

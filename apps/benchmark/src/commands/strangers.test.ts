import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runCli } from '../../test/run-cli.js';
import type { CliResult } from '../../test/run-cli.js';

// Each command is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'ssl-strangers-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Resolves when a file is there. */
async function written(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 50));
}

test("a folder with somebody's files is refused, with and without --resume, and report writes over none", async () => {
  await mkdir(path.join(folder, 'thesis', 'checkpoints'), { recursive: true });
  await writeFile(path.join(folder, 'thesis', 'report.html'), 'mine');
  await writeFile(path.join(folder, 'thesis', 'checkpoints', 'weights.bin'), 'mine');
  const results = await Promise.all(
    [
      ['run', 'smoke-text', '--out', 'thesis'],
      ['run', 'smoke-text', '--out', 'thesis', '--resume'],
    ].map((argv) => runCli(argv, { cwd: folder })),
  );
  for (const { status, stderr } of results) {
    expect(status).toBe(1);
    expect(stderr).toMatch(/DataError: .*thesis: holds files but no run of this program .*new or empty/);
  }
  const demo = await runCli(['demo', '--out', 'thesis'], { cwd: folder });
  expect(demo.stderr).toMatch(/report\.html: is in the way: this program did not write it/);
  expect(demo.status).toBe(1);
  expect(readdirSync(path.join(folder, 'thesis')).sort()).toEqual(['checkpoints', 'report.html']);
  expect(await readFile(path.join(folder, 'thesis', 'report.html'), 'utf8')).toBe('mine');
});

test('a second run in the same folder is refused by the name of the first, which goes on and saves', async () => {
  const smoke = await readFile(new URL('../../recipes/smoke-text.yaml', import.meta.url), 'utf8');
  await writeFile(path.join(folder, 'long.yaml'), smoke.replace('steps: 6', 'steps: 100000'));
  const again = ['run', 'long.yaml', '--out', 'shared'];
  let second: Promise<CliResult[]> | undefined;
  const first = await runCli(again, {
    cwd: folder,
    interruptAt: /\[2\/5\]/,
    atMatch: (kill) => {
      second = written(path.join(folder, 'shared', 'log.jsonl')).then(() =>
        Promise.all([runCli(again, { cwd: folder }), runCli([...again, '--resume'], { cwd: folder })]),
      );
      void second.finally(() => kill('SIGTERM'));
    },
  });
  for (const { status, stderr } of await second!) {
    expect(status).toBe(1);
    expect(stderr).toMatch(/DataError: .*shared: is in use by process \d+ on .*ssl-benchmark run long/);
  }
  expect(first.stderr).toContain('Go on with: ssl-benchmark run long.yaml --out shared --resume');
  expect(first.status).toBe(143);
  const log = await readFile(path.join(folder, 'shared', 'log.jsonl'), 'utf8');
  const types = log
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type);
  expect(types.filter((type) => type === 'start')).toHaveLength(1);
  const left = readdirSync(path.join(folder, 'shared'), { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => /lock|tmp$/.test(name))).toEqual([]);
});

test.each([
  ['smoke-text', /\[2\/5\]/],
  ['smoke-vision', /\[1\/8\]/],
])('a folder that is deleted during a run of %s is an error that says so', async (recipe, moment) => {
  const out = path.join(folder, `gone-${recipe}`);
  const { status, stderr } = await runCli(['run', recipe, '--out', out], {
    cwd: folder,
    interruptAt: moment,
    atMatch: () => rmSync(out, { recursive: true }),
  });
  expect(stderr).toMatch(/DataError: .*was deleted or replaced while the run wrote to it/);
  expect(status).toBe(1);
  expect(existsSync(path.join(out, 'report.html'))).toBe(false);
});

test.skipIf(process.platform === 'win32')('what strangers wrote moves no cursor, and a pipe is no recipe', async () => {
  const file = path.join(folder, 'evil\u001b[2J.yaml');
  await writeFile(file, 'kind: "a\\e[31mb"\ntitle: t\n"\\e]0;x\\a": 1\n');
  execFileSync('mkfifo', [path.join(folder, 'pipe.yaml')]);
  const [escapes, pipe] = await Promise.all([
    runCli(['run', file, '--debug'], { cwd: folder }),
    runCli(['run', 'pipe.yaml'], { cwd: folder }),
  ]);
  expect(escapes.stderr).toContain(String.raw`evil\x1b[2J.yaml`);
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(escapes.stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  expect(escapes.status).toBe(1);
  expect(pipe).toMatchObject({ status: 1, stderr: expect.stringContaining('pipe.yaml: is a pipe, not a file') });
});

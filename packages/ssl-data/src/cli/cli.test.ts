import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type FolderServer, serveFolder } from '../../../../test/support/serve-folder.js';
import { packWebDataset } from '../webdataset/pack-web-dataset.js';

// Each command is a process that loads TypeScript from source.
vi.setConfig({ testTimeout: 120_000 });

let base: string;
let server: FolderServer;
let beforeAnswer: (path: string) => Promise<void> | void = () => {};
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'ssl-data-process-'));
  const png = await sharp(Buffer.alloc(12), { raw: { width: 2, height: 2, channels: 3 } })
    .png()
    .toBuffer();
  const samples = Array.from({ length: 6 }, (_, index) => ({ key: `s${index}`, members: { png, cls: '0' } }));
  await packWebDataset(samples, join(base, 'served'), { maxSamples: 2 });
  server = await serveFolder(join(base, 'served'), (path) => beforeAnswer(path));
});
afterAll(async () => {
  await server.close();
  await rm(base, { recursive: true });
});

interface Running {
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard error holds the text, or the process has ended. */
  says(text: string): Promise<void>;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
}

function start(argv: readonly string[], closeOutput = false): Running {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(DEBUG|NODE_OPTIONS|VITEST.*|npm_.*)$/.test(name),
  );
  const cli = fileURLToPath(new URL('./cli.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=ssl-source', '--import', 'tsx', cli, ...argv], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1' },
  });
  const written = { stdout: '', stderr: '' };
  const waiting: { text: string; resolve: () => void }[] = [];
  const wake = (): void => {
    for (const { text, resolve } of waiting) if (written.stderr.includes(text)) resolve();
  };
  if (closeOutput) child.stdout.destroy();
  child.stdout.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    written.stderr += chunk.toString();
    wake();
  });
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      for (const each of waiting) each.resolve();
      resolve({ status, ...written });
    });
  });
  return {
    kill: (signal) => void child.kill(signal),
    says: (text) =>
      new Promise((resolve) => {
        waiting.push({ text, resolve });
        wake();
      }),
    ended,
  };
}

it.each([
  { signal: 'SIGINT', status: 130 },
  { signal: 'SIGTERM', status: 143 },
] as const)('leaves nothing after $signal, and says so', async ({ signal, status }) => {
  const before = server.requests.length;
  const out = join(base, 'packed');
  let answers = 0;
  let inTheMiddle: string[] = [];
  // The fifth sample comes when the first Ctrl-C has been understood: two shards are whole by then.
  beforeAnswer = async (path) => {
    if (path !== '/000002.tar') return;
    if (++answers === 2) {
      inTheMiddle = await readdir(out);
      running.kill(signal);
      // As npx and npm run pass it on; a timer of a busy test could come after the half second.
      setImmediate(() => running.kill(signal));
      await running.says('Stopping');
    }
  };
  const running = start(['pack', `${server.origin}/{000000..000002}.tar`, out, '--max-samples', '2']);
  expect(await running.ended).toEqual({
    status,
    stdout: '',
    stderr: `\nStopping ... (Ctrl-C again to quit at once)\nStopped; nothing was written to ${out}.\n`,
  });
  expect(inTheMiddle).toEqual([expect.stringMatching(/^\.pack-/)]);
  expect(existsSync(out)).toBe(false);
  expect(server.requests.length - before).toBeGreaterThan(6);
});

it('inspects shards on a server without asking for every class', async () => {
  beforeAnswer = () => {};
  const { status, stdout, stderr } = await start(['inspect', `${server.origin}/{000000..000002}.tar`]).ended;
  expect(stdout).toMatch(/^samples {2}6\nclasses {2}not counted: the shards are on a server\nsizes {4}height 2,/m);
  expect([status, stderr]).toEqual([0, '']);
});

it('takes it well when nobody reads on', async () => {
  expect(await start(['--help'], true).ended).toEqual({ status: 0, stdout: '', stderr: '' });
});

/**
 * A corpus of a stated size, from a text file to training: builds its token store, opens it again, and takes 20 steps of a
 * small BERT from its lines and from its blocks, each part in a process of its own. Prints seconds and peaks of memory as
 * one JSON line, and keeps them in bench/results/token-store.json and .md.
 *
 * usage: npm run bench:token-store -- [--gigabytes 1] [--folder path] [--keep]
 *        wants 1.7 times the size of free disk; --keep leaves text and store, and a later run with --folder goes on with them
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { renderStoreRows, type StoreRow } from './token-store/render-rows.js';

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '1' },
    folder: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const gigabytes = Number(values.gigabytes);
if (!(gigabytes > 0)) {
  process.stderr.write('--gigabytes wants a number above 0, such as --gigabytes 0.1\n');
  process.exit(2);
}
const results = join(import.meta.dirname, 'results');
const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'token-store-')));

/** Runs one part, and returns what it measured. */
async function run(part: string): Promise<Record<string, number>> {
  const script = join(import.meta.dirname, 'token-store/parts.ts');
  const args = ['--import', 'tsx', '--conditions=ssl-source', script, part, folder, String(gigabytes)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  for await (const piece of child.stdout) printed += String(piece);
  if (child.exitCode === null) await new Promise((resolve) => child.on('close', resolve));
  if (child.exitCode !== 0) process.exit(child.exitCode ?? 1);
  return JSON.parse(printed) as Record<string, number>;
}

try {
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(folder, 'corpus.txt'))) await run('generate');
  const { size } = await stat(join(folder, 'corpus.txt'));
  const row: StoreRow = {
    gigabytes: size / 1e9,
    build: await run('build'),
    lines: await run('lines'),
    blocks: await run('blocks'),
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, load average ${loadavg()[0]!.toFixed(1)}, node ${process.version}`,
    date: new Date().toISOString().slice(0, 10),
  };
  process.stdout.write(`${JSON.stringify(row)}\n`);
  const path = join(results, 'token-store.json');
  const before = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as StoreRow[]) : [];
  const isOther = (other: StoreRow): boolean => Math.abs(other.gigabytes / row.gigabytes - 1) > 0.05;
  const rows = [...before.filter(isOther), row].toSorted((a, b) => a.gigabytes - b.gigabytes);
  await writeFile(path, `${JSON.stringify(rows, undefined, 1)}\n`);
  await writeFile(join(results, 'token-store.md'), renderStoreRows(rows));
} finally {
  if (!values.keep && values.folder === undefined) await rm(folder, { recursive: true, force: true });
}

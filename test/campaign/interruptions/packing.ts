import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { RandomStream, randomKey } from '@selfsup/ssl-core';
import { repositoryRoot } from '../../../tools/workspaces.js';
import type { PlayCase } from '../kind.js';
import { digestOf } from '../settled.js';
import { killUntilDone, leftovers, type ProcessIds, type Running, startScript } from './kill-until-done.js';

const script = join(repositoryRoot, 'packages/ssl-data/src/cli/cli.ts');
const formats = ['webdataset', 'lmdb'] as const;

/** A folder of pictures whose packing takes a second or two. */
async function pictures(base: string): Promise<string> {
  const folder = join(base, 'pictures');
  const random = new RandomStream(randomKey(5));
  for (const name of ['ant', 'bee']) {
    await mkdir(join(folder, name), { recursive: true });
    for (let index = 0; index < 300; index++) {
      const raw = { width: 64, height: 64, channels: 3 } as const;
      const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, () => random.integer(256));
      await writeFile(join(folder, name, `${index}.png`), await sharp(pixels, { raw }).png().toBuffer());
    }
  }
  return folder;
}

const start = (source: string, out: string, to: (typeof formats)[number], ids: ProcessIds = 'plain'): Running =>
  startScript(
    script,
    ['pack', source, out, '--to', to, '--overwrite', ...(to === 'lmdb' ? [] : ['--max-samples', '20'])],
    ids,
  );

/** Names and contents of a folder; of an index, what does not change with the time. */
async function contents(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true })).sort();
  const entries: unknown[] = [];
  for (const name of files) {
    const bytes = await readFile(join(folder, name)).catch(() => new Uint8Array());
    entries.push(
      name,
      name.endsWith('.json') ? Object.keys(JSON.parse(Buffer.from(bytes).toString()) as object) : bytes,
    );
  }
  return digestOf(entries);
}

async function references(
  base: string,
  source: string,
): Promise<{ readonly whole: readonly string[]; readonly workMs: number }> {
  const whole: string[] = [];
  let workMs = 0;
  for (const to of formats) {
    const out = join(base, `whole-${to}`);
    const started = performance.now();
    const { status, output } = await start(source, out, to).ended;
    if (status !== 0) throw new RangeError(`the packing that nobody interrupts fails: ${output}`);
    workMs = Math.max(workMs, performance.now() - started);
    whole.push(await contents(out));
  }
  return { whole, workMs };
}

async function checkEnd(out: string, whole: string): Promise<void> {
  const left = leftovers(out);
  if (left.length > 0) throw new RangeError(`left behind: ${left.join(', ')}`);
  if ((await contents(out)) !== whole)
    throw new RangeError(`other files than without a kill: ${(await readdir(out)).join(', ')}`);
}

/** Kills packings at random moments and runs them again. */
export async function interruptedPacking(base: string, ids: ProcessIds): Promise<PlayCase> {
  const source = await pictures(base);
  const { whole, workMs } = await references(base, source);
  return async (random, number, describe) => {
    const format = number % formats.length;
    const to = formats[format]!;
    const out = join(await mkdtemp(join(base, 'killed-')), 'packed');
    const signals: NodeJS.Signals[] = ids === 'plain' ? ['SIGKILL', 'SIGINT', 'SIGTERM'] : ['SIGKILL'];
    await killUntilDone(
      // It says nothing when it begins: any moment of its life.
      { start: () => start(source, out, to, ids), ready: '', workMs, signals, stopped: [130, 143] },
      random,
      (what) => describe(`${to}: ${what}`),
    );
    await checkEnd(out, whole[format]!);
    return 'same';
  };
}

/** Starts a second packing into the folder of one that runs. */
export async function secondPacking(base: string): Promise<PlayCase> {
  const source = await pictures(base);
  const { whole } = await references(base, source);
  return async (_, number, describe) => {
    const format = number % formats.length;
    const to = formats[format]!;
    const out = join(await mkdtemp(join(base, 'shared-')), 'packed');
    const first = start(source, out, to);
    describe(`a second packing to ${to} once the first has a lock`);
    while (first.child.exitCode === null && !(await hasLock(out)))
      await new Promise((resolve) => setTimeout(resolve, 5));
    first.child.kill('SIGSTOP');
    const second = await start(source, out, to).ended;
    first.child.kill('SIGCONT');
    const { status, output } = await first.ended;
    if (second.status !== 1 || !/DataError: .*in use by process \d+/.test(second.output))
      throw new RangeError(`the second one was not refused: status ${second.status}: ${second.output}`);
    if (status !== 0) throw new RangeError(`the first one failed: ${output}`);
    await checkEnd(out, whole[format]!);
    return 'refused';
  };
}

async function hasLock(out: string): Promise<boolean> {
  return readdir(out, { recursive: true }).then(
    (names) => names.some((name) => name.endsWith('lock')),
    () => false,
  );
}

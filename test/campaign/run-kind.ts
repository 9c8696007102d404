import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseFailure, Kind, KindResult, Outcome } from './kind.js';
import { outcomes } from './kind.js';

/** What the process of the cases tells. */
export type CaseMessage =
  | { readonly type: 'begin'; readonly number: number }
  | { readonly type: 'what'; readonly text: string }
  | { readonly type: 'end'; readonly number: number; readonly outcome: Outcome; readonly megabytes: number }
  | { readonly type: 'failed'; readonly number: number; readonly failure: CaseFailure; readonly megabytes: number };

const defaults = { seconds: 10, megabytes: 600 } as const;
/** For loading and for making the good inputs. */
const prepareSeconds = 120;
/** A process whose cases are over ends by itself in this time. */
const endSeconds = 10;

/**
 * Plays cases of a kind in processes of their own; one that hangs, grows or dies is ended, and the rest goes on.
 *
 * @param registry the module that exports the kind among its `kinds`
 */
export async function runKind(
  kind: Kind,
  seed: number,
  numbers: readonly number[],
  registry = './kinds.ts',
): Promise<KindResult> {
  const started = performance.now();
  const counts = { refused: 0, same: 0, other: 0 };
  const failures: CaseFailure[] = [];
  let peakMegabytes = 0;
  let rest = [...numbers];
  const missing = kind.missing?.();
  if (missing !== undefined) rest = [];
  while (rest.length > 0) {
    const folder = await mkdtemp(join(tmpdir(), `ssl-campaign-${kind.name}-`));
    try {
      const part = await playInProcess(kind, seed, folder, rest, registry);
      for (const outcome of outcomes) counts[outcome] += part.outcomes.filter((found) => found === outcome).length;
      failures.push(...part.failures);
      peakMegabytes = Math.max(peakMegabytes, part.peakMegabytes);
      rest = rest.slice(part.played);
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  return {
    kind: kind.name,
    group: kind.group,
    title: kind.title,
    cases: missing === undefined ? numbers.length : 0,
    ...counts,
    failures,
    seconds: (performance.now() - started) / 1000,
    peakMegabytes: Math.round(peakMegabytes),
    ...(missing === undefined ? {} : { missing }),
  };
}

interface Part {
  readonly outcomes: readonly Outcome[];
  readonly failures: readonly CaseFailure[];
  readonly peakMegabytes: number;
  /** Cases that are over, the one that ended the process among them. */
  readonly played: number;
}

function playInProcess(
  kind: Kind,
  seed: number,
  folder: string,
  numbers: readonly number[],
  registry: string,
): Promise<Part> {
  const { seconds = defaults.seconds, megabytes = defaults.megabytes } = kind;
  const child = fork(
    join(import.meta.dirname, 'case-process.ts'),
    [registry, kind.name, String(seed), folder, ...numbers.map(String)],
    {
      execArgv: ['--conditions=ssl-source', '--import=tsx', '--no-warnings'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const found: Outcome[] = [];
  const failures: CaseFailure[] = [];
  let peakMegabytes = 0;
  let running: number | undefined;
  let what = 'preparation';
  let output = '';
  let ended: string | undefined;
  let limit = performance.now() + 1000 * prepareSeconds;
  const end = (reason: string): void => {
    ended ??= reason;
    child.kill('SIGKILL');
  };
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
  child.on('message', (message: CaseMessage) => {
    if (message.type === 'begin') {
      running = message.number;
      what = 'case as it is';
      limit = performance.now() + 1000 * seconds;
    } else if (message.type === 'what') what = message.text;
    else {
      const done = what;
      running = undefined;
      what = 'end of the process';
      limit = performance.now() + 1000 * endSeconds;
      peakMegabytes = Math.max(peakMegabytes, message.megabytes);
      const heavy = message.megabytes > megabytes ? tooLarge(message.megabytes, megabytes) : undefined;
      if (message.type === 'failed') failures.push(message.failure);
      else if (heavy !== undefined) failures.push({ number: message.number, what: done, reason: heavy });
      else found.push(message.outcome);
    }
  });
  const watch = setInterval(() => {
    if (performance.now() > limit) end(`did not end in ${running === undefined ? 'time' : `${seconds} s`}`);
    const resident = residentMegabytes(child.pid);
    peakMegabytes = Math.max(peakMegabytes, resident);
    if (resident > 1.5 * megabytes) end(tooLarge(resident, megabytes));
  }, 100);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearInterval(watch);
      const over = found.length + failures.length;
      const crashed = status === 0 ? undefined : `the process died (${signal ?? `status ${status}`}): ${output.trim()}`;
      const reason =
        ended ?? (over < numbers.length || status !== 0 ? (crashed ?? 'the process ended early') : undefined);
      // What happens after the last case is charged to it.
      if (reason !== undefined) {
        if (running === undefined && over === numbers.length) failures.push({ number: numbers.at(-1)!, what, reason });
        else failures.push({ number: running ?? numbers[over]!, what, reason });
      }
      // What cannot be prepared cannot be played at all.
      const isPrepared = over > 0 || running !== undefined;
      const played = reason === undefined || !isPrepared ? numbers.length : Math.min(numbers.length, over + 1);
      resolve({ outcomes: found, failures, peakMegabytes, played });
    });
  });
}

function residentMegabytes(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function tooLarge(found: number, limit: number): string {
  return `had ${Math.round(found)} MB resident, the limit is ${limit}`;
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { RandomStream } from '@selfsup/ssl-core';
import { repositoryRoot } from '../../../tools/workspaces.js';

/** A space of process ids of its own gives every restart the same one, as every container does. */
export type ProcessIds = 'plain' | 'same pid';

/** How a process ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** A process that is running. */
export interface Running {
  readonly child: ChildProcess;
  /** Resolves when its output holds the text, or it has ended. */
  says(text: string): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts a TypeScript file of this repository from source. */
export function startScript(script: string, args: readonly string[], ids: ProcessIds = 'plain'): Running {
  const node = [process.execPath, '--conditions=ssl-source', '--import=tsx', '--no-warnings', script, ...args];
  const [command, ...rest] =
    ids === 'plain' ? node : ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...node];
  const child = spawn(command!, rest, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let output = '';
  let isOver = false;
  const waiting: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      isOver = true;
      for (const look of waiting) look();
      resolve({ status, signal, output });
    });
  });
  return {
    child,
    ended,
    says: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (isOver || output.includes(text)) resolve();
        };
        waiting.push(look);
        look();
      }),
  };
}

export interface KillUntilDone {
  readonly start: () => Running;
  /** What it says when its work begins. */
  readonly ready: string;
  /** Milliseconds that the work takes when nobody kills it. */
  readonly workMs: number;
  readonly signals: readonly NodeJS.Signals[];
  /** Exit statuses with which it may end after a signal that it heard. */
  readonly stopped: readonly number[];
}

/** Kills a process at random moments, one to three times, starts it again each time, and lets the last one end. */
export async function killUntilDone(
  { start, ready, workMs, signals, stopped }: KillUntilDone,
  random: RandomStream,
  describe: (what: string) => void,
): Promise<void> {
  const kills: string[] = [];
  const count = 1 + random.integer(3);
  for (let kill = 0; kill < count; kill++) {
    const running = start();
    const signal = signals[random.integer(signals.length)]!;
    const isEarly = random.bernoulli(0.15);
    if (!isEarly) await running.says(ready);
    const delay = Math.round(random.uniform() * (isEarly ? 1000 : workMs));
    kills.push(`${signal} ${delay} ms after ${isEarly ? 'its start' : 'it was ready'}`);
    describe(kills.join(', then '));
    await Promise.race([wait(delay), running.ended]);
    running.child.kill(signal);
    const { status, signal: by, output } = await running.ended;
    const isExpected = by !== null || status === 0 || status === 137 || stopped.includes(status!);
    if (!isExpected) throw new RangeError(`after ${kills.join(', then ')} it ended with status ${status}: ${output}`);
  }
  const { status, signal, output } = await start().ended;
  if (status !== 0)
    throw new RangeError(`after ${kills.join(', then ')} it did not go on: ${signal ?? status}: ${output}`);
}

/** Files under a folder that only a process that is at work may have there. */
export function leftovers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tmp$|lock$|\.pack-/.test(name));
}

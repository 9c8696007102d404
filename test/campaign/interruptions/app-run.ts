import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '../../../tools/workspaces.js';
import type { PlayCase } from '../kind.js';
import { digestOf } from '../settled.js';
import { killUntilDone, leftovers, type Running, startScript } from './kill-until-done.js';

const script = join(repositoryRoot, 'apps/benchmark/src/cli.ts');
const start = (out: string): Running => startScript(script, ['run', 'smoke-text', '--out', out, '--resume']);

/** Figures of every stage without wall times, and the weights. */
async function results(out: string): Promise<string> {
  const stages: unknown[] = [];
  for (const name of (await readdir(join(out, 'artifacts'))).sort()) {
    const { result } = JSON.parse(await readFile(join(out, 'artifacts', name), 'utf8')) as { result: object };
    stages.push(name, { ...result, seconds: 0 });
  }
  return digestOf([
    stages,
    await readFile(join(out, 'encoder.safetensors')),
    await readFile(join(out, 'tokenizer.json')),
  ]);
}

/** Kills a run of the app at random moments and resumes it. */
export async function interruptedRun(base: string): Promise<PlayCase> {
  const whole = join(base, 'whole');
  const running = start(whole);
  await running.says('[1/5]');
  const ready = performance.now();
  const { status, output } = await running.ended;
  if (status !== 0) throw new RangeError(`the run that nobody interrupts fails: ${output}`);
  const workMs = performance.now() - ready;
  const expected = await results(whole);
  return async (random, _, describe) => {
    const out = join(await mkdtemp(join(base, 'killed-')), 'run');
    const signals = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;
    await killUntilDone(
      { start: () => start(out), ready: '[1/5]', workMs, signals, stopped: [130, 143] },
      random,
      describe,
    );
    const left = leftovers(out);
    if (left.length > 0) throw new RangeError(`left behind: ${left.join(', ')}`);
    if ((await results(out)) !== expected) throw new RangeError('other figures or weights than without a kill');
    return 'same';
  };
}

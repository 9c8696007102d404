import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { PlayCase } from '../kind.js';
import { trainingSteps } from '../small-training.js';
import { killUntilDone, leftovers, type ProcessIds, type Running, startScript } from './kill-until-done.js';

const script = join(import.meta.dirname, 'training-process.ts');
const start = (folder: string, ids: ProcessIds = 'plain'): Running => startScript(script, [folder], ids);

/** A training that nobody interrupts: its weights, and how long its work takes. */
async function reference(folder: string): Promise<{ readonly weights: Buffer; readonly workMs: number }> {
  const running = start(folder);
  await running.says('ready');
  const ready = performance.now();
  const { status, output } = await running.ended;
  if (status !== 0) throw new RangeError(`the training that nobody interrupts fails: ${output}`);
  return { weights: await readFile(join(folder, 'weights.safetensors')), workMs: performance.now() - ready };
}

/** What a folder must be like when its training is over. */
async function checkEnd(folder: string, weights: Buffer): Promise<void> {
  if (!(await readFile(join(folder, 'weights.safetensors'))).equals(weights))
    throw new RangeError('the weights differ from those of the training that nobody interrupted');
  const left = leftovers(folder);
  if (left.length > 0) throw new RangeError(`left behind: ${left.join(', ')}`);
  const lines = (await readFile(join(folder, 'log.jsonl'), 'utf8')).trim().split('\n');
  const steps = lines
    .map((line) => JSON.parse(line) as { readonly type: string; readonly step: number })
    .flatMap(({ type, step }) => (type === 'step' ? [step] : []));
  if (steps.length !== trainingSteps || steps.some((step, index) => step !== index + 1))
    throw new RangeError(`the log has the steps ${steps.join(', ')}`);
}

/** Kills a training at random moments and resumes it until it ends. */
export async function interruptedTraining(base: string, ids: ProcessIds): Promise<PlayCase> {
  const { weights, workMs } = await reference(await mkdtemp(join(base, 'whole-')));
  return async (random, _, describe) => {
    const folder = await mkdtemp(join(base, 'killed-'));
    // As the first process of its space, it would not hear the others before it has handlers.
    const signals: NodeJS.Signals[] = ids === 'plain' ? ['SIGKILL', 'SIGINT', 'SIGTERM'] : ['SIGKILL'];
    await killUntilDone(
      { start: () => start(folder, ids), ready: 'ready', workMs, signals, stopped: [10] },
      random,
      describe,
    );
    await checkEnd(folder, weights);
    return 'same';
  };
}

/** Starts a second training in the folder of one that runs. */
export async function secondTraining(base: string): Promise<PlayCase> {
  const { weights, workMs } = await reference(await mkdtemp(join(base, 'whole-')));
  return async (random, _, describe) => {
    const folder = await mkdtemp(join(base, 'shared-'));
    const first = start(folder);
    await first.says('ready');
    const delay = Math.round(random.uniform() * 0.2 * workMs);
    describe(`a second one ${delay} ms after the first was ready`);
    await wait(delay);
    // The second one takes long to load: the first is held until it has answered.
    first.child.kill('SIGSTOP');
    const second = await start(folder).ended;
    first.child.kill('SIGCONT');
    const { status, output } = await first.ended;
    if (second.status !== 1 || !/(?:Data|Checkpoint)Error: .*in use by process \d+/.test(second.output))
      throw new RangeError(`the second one was not refused: status ${second.status}: ${second.output}`);
    if (status !== 0) throw new RangeError(`the first one failed: ${output}`);
    await checkEnd(folder, weights);
    return 'refused';
  };
}

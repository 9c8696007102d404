// A training in a process of its own: FOLDER. Status 0 when it is done, 10 when it was stopped and has saved.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { trainSmall } from '../small-training.js';

const folder = process.argv[2]!;
try {
  const { interrupted } = await trainSmall({
    checkpoint: { dir: join(folder, 'checkpoints'), everySteps: 1, resume: true },
    logFile: join(folder, 'log.jsonl'),
    weights: join(folder, 'weights.safetensors'),
    // Checkpoints of 400 kB, so that many kills strike while one is written.
    hidden: 1000,
    handleSignals: true,
    observers: {
      onStart: () => void process.stdout.write('ready\n'),
      onStep: () => wait(15).then(() => undefined),
    },
  });
  process.exitCode = interrupted ? 10 : 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

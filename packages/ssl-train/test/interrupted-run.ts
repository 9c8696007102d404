/** A program as a user writes it: trains, then saves. Its arguments: folder, seconds of a step, `busy` for a thread that is. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { toy } from './toy-run.js';

const [folder, pause, kind] = process.argv.slice(2) as [string, string, string | undefined];

/** As a step of the engine, which answers nothing before it is done. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
await tf.setBackend('cpu');
const { trainer, method } = toy({
  progress: 'lines',
  checkpoint: { dir: join(folder, 'run') },
  observers: { onStep: () => (kind === 'busy' ? block(1000 * Number(pause)) : delay(1000 * Number(pause))) },
});
const { steps, interrupted } = await trainer.fit();
await saveSafetensors(join(folder, 'weights.safetensors'), method.linear.stateDict());
process.stdout.write(`${JSON.stringify({ steps, interrupted })}\n`);

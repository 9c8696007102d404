import type * as tf from '@tensorflow/tfjs-core';
import { compile, profile } from '@selfsup/ssl-tensor';
import type { Feeds } from '@selfsup/ssl-tensor';

/** Prints what a run measured as one JSON line, with the peak of its memory. */
export function report(measured: Readonly<Record<string, unknown>>): void {
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`${JSON.stringify({ ...measured, peakMegabytes, version: `node ${process.version}` })}\n`);
}

/** Runs a step STEPS times (default 8) and reports times and losses. */
export async function timeSteps(step: () => Promise<tf.Tensor>): Promise<void> {
  const milliseconds: number[] = [];
  const losses: number[] = [];
  for (let index = 0; index < Number(process.env['STEPS'] ?? 8); index++) {
    const start = performance.now();
    const loss = await step();
    losses.push(loss.dataSync()[0]!);
    milliseconds.push(performance.now() - start);
    loss.dispose();
  }
  report({ milliseconds, losses });
}

/**
 * Compiles a training step and times it on the same arguments again and again; PROFILE=n says where the
 * time of n runs goes instead.
 */
export async function timeTraining<A extends readonly unknown[]>(
  name: string,
  step: (...args: A) => tf.Tensor,
  args: Feeds<A>,
): Promise<void> {
  const runs = process.env['PROFILE'];
  if (runs !== undefined) {
    process.stdout.write(`${String(await profile(step, args, { name, runs: Number(runs) }))}\n`);
    return;
  }
  const compiled = compile(step, { name });
  await timeSteps(() => compiled(...args));
}

import type * as tf from '@tensorflow/tfjs-core';

/** Runs a step STEPS times (default 8) and prints times, losses and peak memory as one JSON line. */
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
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `${JSON.stringify({ milliseconds, losses, peakMegabytes, version: `node ${process.version}` })}\n`,
  );
}

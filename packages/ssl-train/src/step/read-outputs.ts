import { fetched } from '@selfsup/ssl-tensor';
import type { StepOutput } from './training-step.js';

/** Frees what a step returned. */
export function disposeOutput({ loss, metrics, weight, skipped }: StepOutput): void {
  loss.dispose();
  skipped?.dispose();
  weight?.dispose();
  for (const metric of Object.values(metrics)) metric.dispose();
}

/**
 * Means over the batches of one update, by their weights where the method gives any, in float32 so that a saved history
 * is the same history.
 */
export async function readOutputs(outputs: readonly StepOutput[]): Promise<{
  readonly loss: number;
  readonly metrics: Record<string, number>;
  /** 1 where the update did not happen. */
  readonly skipped: number;
}> {
  await fetched(
    outputs.flatMap(({ loss, weight, skipped, metrics }) => [
      loss,
      ...(weight ? [weight] : []),
      ...(skipped ? [skipped] : []),
      ...Object.values(metrics),
    ]),
  );
  const last = outputs.at(-1)!;
  const weights = outputs.map(({ weight }) => weight?.dataSync()[0] ?? 1);
  const mean = (pick: (output: StepOutput) => { dataSync(): ArrayLike<number> } | undefined): number => {
    let [sum, total] = [0, 0];
    outputs.forEach((output, index) => {
      const value = pick(output)?.dataSync()[0];
      // A batch of weight 0 is a mean over nothing.
      if (value === undefined || weights[index] === 0) return;
      sum += value * weights[index]!;
      total += weights[index]!;
    });
    return Math.fround(sum / total);
  };
  const loss = mean((output) => output.loss);
  const skipped = last.skipped?.dataSync()[0] ?? 0;
  const metrics = Object.keys(last.metrics).map((name) => [name, mean((output) => output.metrics[name])] as const);
  return { loss, metrics: Object.fromEntries(metrics), skipped };
}

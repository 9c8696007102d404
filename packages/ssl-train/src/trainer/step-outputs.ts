import { isNdArray } from 'ssl-tensor/host';
import type { StepOutput } from './training-step.js';

/** Frees the tensors of a step. */
export function disposeOutput({ loss, metrics }: StepOutput): void {
  loss.dispose();
  for (const metric of Object.values(metrics)) metric.dispose();
}

/** Means over the batches of one update, in float32 so that a saved history is the same history. */
export function readOutputs(outputs: readonly StepOutput[]): { loss: number; metrics: Record<string, number> } {
  const last = outputs.at(-1)!;
  const mean = (values: readonly number[]): number =>
    Math.fround(values.reduce((sum, value) => sum + value, 0) / values.length);
  const loss = mean(outputs.map((output) => output.loss.dataSync()[0]!));
  const metrics = Object.keys(last.metrics).map(
    (name) =>
      [
        name,
        mean(
          outputs.flatMap((output) =>
            output.metrics[name] === undefined ? [] : [output.metrics[name].dataSync()[0]!],
          ),
        ),
      ] as const,
  );
  return { loss, metrics: Object.fromEntries(metrics) };
}

/** Length of the first axis of a batch's first array. */
export function sampleCount(batch: unknown): number {
  if (isNdArray(batch)) return batch.shape[0] ?? 0;
  if (typeof batch !== 'object' || batch === null) return 0;
  for (const item of Object.values(batch)) {
    const count = sampleCount(item);
    if (count > 0) return count;
  }
  return 0;
}

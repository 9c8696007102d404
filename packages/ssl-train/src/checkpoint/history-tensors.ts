import { CheckpointError, type NdArray, ndArray } from '@selfsup/ssl-tensor/host';
import type { StateDict } from '@selfsup/ssl-nn';
import type { HistoryEntry } from '../run/history.js';

const metricPrefix = 'metric.';

/** A history as columns; what follows from the step alone is left out. Losses and metrics are float32 already. */
export function historyTensors(history: readonly HistoryEntry[]): StateDict {
  const shape = [history.length];
  const names = [...new Set(history.flatMap(({ metrics }) => Object.keys(metrics)))];
  return new Map<string, NdArray>([
    [
      'step',
      ndArray(
        Int32Array.from(history, ({ step }) => step),
        shape,
      ),
    ] as const,
    [
      'loss',
      ndArray(
        Float32Array.from(history, ({ loss }) => loss),
        shape,
      ),
    ] as const,
    ...names.map(
      (name) =>
        [
          `${metricPrefix}${name}`,
          ndArray(
            Float32Array.from(history, ({ metrics }) => metrics[name] ?? NaN),
            shape,
          ),
        ] as const,
    ),
  ]);
}

/**
 * The inverse of {@link historyTensors}.
 *
 * @param derive what follows from the step
 * @throws CheckpointError when columns are missing or of different lengths
 */
export function historyFromTensors(
  state: ReadonlyMap<string, { readonly data: ArrayLike<number> }>,
  derive: (step: number) => Pick<HistoryEntry, 'epoch' | 'learningRate'>,
): HistoryEntry[] {
  const [steps, losses] = [state.get('step')?.data, state.get('loss')?.data];
  const metrics = [...state]
    .filter(([name]) => name.startsWith(metricPrefix))
    .map(([name, { data }]) => [name.slice(metricPrefix.length), data] as const);
  if (
    steps === undefined ||
    losses === undefined ||
    [losses, ...metrics.map(([, data]) => data)].some(({ length }) => length !== steps.length)
  ) {
    throw new CheckpointError('has a damaged history', { parameter: 'history' });
  }
  return Array.from(steps, (step, index) => ({
    step,
    ...derive(step),
    loss: losses[index]!,
    metrics: Object.fromEntries(metrics.map(([name, data]) => [name, data[index]!])),
  }));
}

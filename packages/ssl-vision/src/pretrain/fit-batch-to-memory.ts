import { trainingMemory } from '@selfsup/ssl-train';
import type { PretrainParts } from './pretrain-parts.js';

/** Fewer pictures are too few to compare with one another; the Trainer says what else helps. */
const fewest = 8;

/** A batch that fits the memory, where the chosen one does not. */
export interface FittingBatch {
  readonly batchSize: number;
  readonly why: string;
}

/**
 * Halves a batch until training with it fits what this machine can have.
 *
 * @returns nothing where it fits as it is, or where halving does not help
 */
export async function fitBatchToMemory(
  { method, loader, optimizer, schedule, gradientStages, steps }: PretrainParts,
  { batchSize, seed, out }: { readonly batchSize: number; readonly seed: number; readonly out: string },
): Promise<FittingBatch | undefined> {
  if (batchSize <= fewest) return undefined;
  const options = { method, loader, optimizer, schedule, gradientStages, steps, seed, checkpoint: { dir: out } };
  const { peak, available } = await trainingMemory(options);
  let fitting = batchSize;
  while (peak(fitting) > available && fitting > fewest) fitting = Math.max(fewest, Math.floor(fitting / 2));
  if (fitting === batchSize) return undefined;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const why = `${batchSize} would take about ${gigabytes(peak(batchSize))} of memory, and ${gigabytes(available)} can be had`;
  return { batchSize: fitting, why };
}

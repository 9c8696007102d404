import type { NdArray } from '@selfsup/ssl-tensor/host';

/** A tensor of a file that has no form here. */
export interface SkippedTensor {
  readonly name: string;
  /** As the file has it. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Why, as the end of "it ...". */
  readonly reason: string;
}

/** What was left out of a state dict, so that whoever misses a tensor can say why. */
const leftOut = new WeakMap<ReadonlyMap<string, NdArray>, readonly SkippedTensor[]>();

/** Remembers what a state dict lacks. */
export function noteSkipped(state: ReadonlyMap<string, NdArray>, skipped: readonly SkippedTensor[]): void {
  if (skipped.length > 0) leftOut.set(state, skipped);
}

/** What the file that a state dict comes from holds besides it. */
export function skippedOf(state: ReadonlyMap<string, NdArray>): readonly SkippedTensor[] {
  return leftOut.get(state) ?? [];
}

import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { RunShape } from '../../step/method.js';

/** One batch of a step, as the step got it. */
export interface StepPart {
  /** The loader's structure, arrays copied. */
  readonly batch: unknown;
  /** Random key of the batch, int32 `[2]`. */
  readonly key: NdArray<Int32Array>;
}

/** What a step computed with, beside what the model held. */
export interface StepRecord {
  /** Counted from 1. */
  readonly step: number;
  readonly phase: string;
  /** Values of all schedules, by name. */
  readonly scalars: Readonly<Record<string, number>>;
  /** Batches of its update, in their order. */
  readonly parts: readonly StepPart[];
  readonly shape: RunShape;
}

import type { Conditions } from '../runs/conditions.js';
import type { BudgetName } from './budgets.js';
import type { KindName } from './kinds.js';

/** A run to be made, by a process of its own. */
export interface TextJob {
  /** What is measured. */
  readonly kind: KindName;
  /** Of what: one of the kind's variants. */
  readonly variant: string;
  readonly seed: number;
  readonly budget: BudgetName;
  readonly threads: number;
}

/** Numbers by name; the kind says what they are. */
export type Figures = Readonly<Record<string, number>>;

/** A run. */
export interface TextRow extends TextJob, Conditions {
  readonly figures: Figures;
  /** Of the whole run with its data, and with what it made that was not there. */
  readonly seconds: number;
  /** Of its process, MB. */
  readonly peakMemory: number;
}

/** What tells rows apart. */
export const keyOf = ({ kind, variant, seed, budget }: TextJob): string => [kind, variant, seed, budget].join(' ');

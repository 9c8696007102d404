import type { BackboneName } from '../../encoders/registry.js';
import type { MethodName } from '../recipes/recipes.js';
import type { MeasuredMethod, MeasuredPictures } from './measured-method.js';

/** Why a method stands where it stands. */
export interface MethodReason {
  readonly text: string;
  /** `measured`: figures of `npm run bench:methods`. `facts`: the paper or arithmetic, not measured here. */
  readonly basis: 'measured' | 'facts';
  /** What it adds; 100 is the way from the best random encoder of the table to its best method. */
  readonly points: number;
}

/** What `pretrain` is called with, beside `data` and `out`. */
export interface AdvisedRun {
  readonly method: MethodName;
  readonly backbone?: BackboneName;
  readonly batchSize?: number;
  readonly epochs?: number;
}

/** A method, and why. */
export interface MethodAdvice {
  readonly method: MethodName;
  /** Sum of the reasons' points. */
  readonly score: number;
  readonly reasons: readonly MethodReason[];
  readonly options: AdvisedRun;
  /** Of the run with these options, where the table has its encoder: an estimate, for the table's machine. */
  readonly minutes?: number;
  /** Bytes, likewise. */
  readonly memory?: number;
}

/** A table of figures, and of what. */
export interface MeasuredTable {
  readonly rows: readonly MeasuredMethod[];
  readonly sets: Readonly<Record<string, MeasuredPictures>>;
}

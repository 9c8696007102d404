import type { RandomStream } from '@selfsup/ssl-core';

/**
 * How a case may end well.
 *
 * - `refused`: a typed error of this repository.
 * - `same`: the result of the undamaged input, or what else the case demands.
 * - `other`: another result, where the format holds nothing by which the damage could be seen.
 */
export const outcomes = ['refused', 'same', 'other'] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * Plays one case, and throws where it ended badly.
 *
 * @param random of this case alone
 * @param describe told what is done to the input, for the message of a failure
 */
export type PlayCase = (random: RandomStream, number: number, describe: (what: string) => void) => Promise<Outcome>;

/** What a kind of case is, known without loading what it tests. */
export interface Kind {
  readonly name: string;
  readonly group: 'interruptions' | 'mutations' | 'hostile inputs';
  readonly title: string;
  /** Cases of a small and of a full campaign. */
  readonly cases: { readonly small: number; readonly full: number };
  /** Longest time of one case. Default 10. */
  readonly seconds?: number;
  /** Most memory that the process of the cases may have resident. Default 600. */
  readonly megabytes?: number;
  /** Why the kind cannot be played here, where it cannot. */
  readonly missing?: () => string | undefined;
  /**
   * Loads what is tested and makes the good inputs.
   *
   * @param folder empty, the kind's own
   */
  readonly prepare: (folder: string) => Promise<PlayCase>;
}

/** What a kind's cases came to. */
export interface KindResult {
  readonly kind: string;
  readonly group: Kind['group'];
  readonly title: string;
  readonly cases: number;
  readonly refused: number;
  readonly same: number;
  readonly other: number;
  readonly failures: readonly CaseFailure[];
  readonly seconds: number;
  /** Highest resident memory of the cases' process. */
  readonly peakMegabytes: number;
  /** Why no case was played. */
  readonly missing?: string;
}

export interface CaseFailure {
  readonly number: number;
  /** What was done to the input. */
  readonly what: string;
  readonly reason: string;
}

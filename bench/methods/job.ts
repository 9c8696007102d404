import type { PictureSetName } from '../pictures/picture-set.js';
import type { Architecture } from './architecture.js';
import type { Budget, Side } from './rows.js';

/** A run to be made, by a process of its own. */
export interface Job extends Budget {
  readonly data: PictureSetName;
  readonly side: Side;
  /** Empty where there is none. */
  readonly method: string;
  readonly seed: number;
  readonly threads: number;
  /** Of the sides that do not choose it. */
  readonly architecture?: Architecture;
  /** In place of what `pretrain` chooses: for searches, whose rows are not kept. */
  readonly options?: Readonly<Record<string, unknown>>;
}

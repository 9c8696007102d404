import type { JsonValue } from '../../checkpoint/run-config.js';
import type { RunInfo } from '../trainer-observer.js';

/** How a run ended: at its end or stopped by an observer, stopped from outside and to be continued, or by an error. */
export type RunOutcome = 'finished' | 'interrupted' | 'failed';

/**
 * A place where the numbers of a run go: a file, a dashboard, a server. `logTo` makes an observer of it. An error of any
 * call ends the run, which is saved first; a logger that can wait for its server keeps what it has instead.
 */
export interface RunLogger {
  /** Tells it from the other observers of the run, and names its state in checkpoints. */
  readonly name: string;
  /**
   * Before anything else. With `info.startStep` 0 it begins anew; else what it has up to that step stays, and what it has
   * of later steps, which come again, is dropped.
   *
   * @param tell says something to the user that is no error, at any time
   */
  open(info: RunInfo, tell: (text: string) => void): void | Promise<void>;
  /**
   * Numbers by name, which may hold anything a metric's name may: slashes, brackets, Unicode; any of them may be NaN or
   * infinite. A step may come several times, with other names.
   *
   * @param step finished steps
   */
  scalars(step: number, values: Readonly<Record<string, number>>): void | Promise<void>;
  /** How values are spread, for example those of a weight. */
  histogram?(step: number, name: string, values: ArrayLike<number>): void | Promise<void>;
  /** @param png bytes of a PNG file */
  image?(step: number, name: string, png: Uint8Array): void | Promise<void>;
  /** Notes of the run come under the name `note`, the error that ends it under `error`. */
  text?(step: number, name: string, text: string): void | Promise<void>;
  /** Brings what it has to where it lasts; after each checkpoint. */
  flush?(): void | Promise<void>;
  close(outcome: RunOutcome): void | Promise<void>;
  /** What a checkpoint keeps of it: JSON. Needs {@link restore}. */
  state?(): JsonValue;
  /** Takes over what {@link state} gave, before `open`. */
  restore?(state: JsonValue): void;
}

import type { TrainerObserver } from '@selfsup/ssl-train';
import { meanOf } from '../runs/spread.js';

/** Updates that are not counted: traces are made in them, and lengths come for the first time. */
const warm = 10;

/** Looks on at a run and takes the time of each update with its batch, less what other observers take. */
export class TimedSteps implements TrainerObserver {
  readonly all: number[] = [];
  #last = performance.now();

  onStart(): void {
    this.#last = performance.now();
  }

  onStep(): void {
    const now = performance.now();
    this.all.push(now - this.#last);
    this.#last = now;
  }

  /** Mean of the updates after the first, ms. */
  get milliseconds(): number {
    return meanAfterWarming(this.all);
  }
}

/** Mean of the times of updates after the first ten. */
export const meanAfterWarming = (milliseconds: readonly number[]): number =>
  meanOf(milliseconds.slice(Math.min(warm, milliseconds.length - 1)));

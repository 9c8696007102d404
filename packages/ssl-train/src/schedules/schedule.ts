/**
 * A number per training step: learning rates, EMA momentums, temperatures. Pure; runs on the host.
 *
 * @param step number of finished steps: 0 for the first step
 */
export interface Schedule {
  (step: number): number;
  /** Steps that it was made for, where it has an end; from there on it stays at its last value. */
  readonly totalSteps?: number;
}

/** A schedule that ends. */
export function endingSchedule(totalSteps: number, valueAt: (step: number) => number): Schedule {
  return Object.assign((step: number) => valueAt(step), { totalSteps });
}

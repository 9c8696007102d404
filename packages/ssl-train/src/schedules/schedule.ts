/**
 * A number per training step: learning rates, EMA momentums, temperatures. Pure; runs on the host.
 *
 * @param step number of finished steps: 0 for the first step
 */
export type Schedule = (step: number) => number;

import { checkCount } from '@selfsup/ssl-tensor/host';
import type { EpochEvent, ObserverMetrics, RunControl, RunInfo, StepEvent, TrainerObserver } from '@selfsup/ssl-train';

/** A measurement of an observer: its numbers, and what it wants to say. */
export type Measure = (step: number, run: RunControl) => Promise<ObserverMetrics>;

/**
 * Hooks that measure after the first epoch, every so many epochs, and at the end of the run, also where that is within an
 * epoch; never twice at one step.
 *
 * @throws InvalidOptionError for an interval that is no positive whole number
 */
export function everyEpochs(
  where: string,
  every: number,
  measure: Measure,
): Pick<TrainerObserver, 'onEpochEnd' | 'onStep'> & { readonly begin: (info: RunInfo) => void } {
  checkCount(where, { everyEpochs: every });
  let info: RunInfo | undefined;
  return {
    begin: (started) => {
      info = started;
    },
    onStep: ({ step }: StepEvent, run) =>
      step === info?.totalSteps && step % info.stepsPerEpoch !== 0 ? measure(step, run) : undefined,
    onEpochEnd: ({ epoch, step }: EpochEvent, run) =>
      epoch === 1 || epoch % every === 0 || step === info?.totalSteps ? measure(step, run) : undefined,
  };
}

import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { newRunAdvice } from './new-run-advice.js';
import type { Schedule } from '../schedules/schedule.js';
import type { ScheduleSample } from './run-record.js';

/** Values of schedules at some steps that are done, and at the next one where the run has one. */
export function sampleSchedules(
  schedules: Readonly<Record<string, Schedule>>,
  step: number,
  totalSteps: number,
): Record<string, ScheduleSample[]> {
  const steps = [...new Set([0, Math.floor(step / 2), Math.max(0, step - 1), ...(step < totalSteps ? [step] : [])])];
  return Object.fromEntries(
    Object.entries(schedules).map(([name, schedule]) => [name, steps.map((at): ScheduleSample => [at, schedule(at)])]),
  );
}

/**
 * Compares schedules with the samples of a checkpoint. One that had come to 0 may go on in another way.
 *
 * @param finished steps of the checkpoint
 * @throws CheckpointError when a value differs
 */
export function checkSchedules(
  saved: Readonly<Record<string, readonly ScheduleSample[]>>,
  schedules: Readonly<Record<string, Schedule>>,
  finished: number,
  path: string,
): void {
  for (const [name, schedule] of Object.entries(schedules)) {
    for (const [step, value] of saved[name] ?? []) {
      if (schedule(step) === value || (step >= finished && value === 0)) continue;
      throw new CheckpointError(
        `belongs to a run with another schedule: ${name} after ${step} steps was ${value}, is ${schedule(step)}. Use the same schedule and length of the run, or one that is the same up to step ${finished}${name === 'emaMomentum' ? ' (ema.momentum; its default follows the length of the run)' : ''}, or start anew in another directory; ${newRunAdvice(path)}`,
        { path },
      );
    }
  }
}

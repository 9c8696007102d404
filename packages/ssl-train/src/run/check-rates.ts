import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { newRunAdvice } from '../checkpoint/new-run-advice.js';
import type { RunPlan } from './run-plan.js';
import { trainerDefaults } from './trainer-options.js';

/** Last steps at rate 0 that a run may have: a straight line to 0 may reach it in its last step. */
const lastSteps = 1;

/**
 * Looks for steps in which nothing would be learned because the schedule ends before the run.
 *
 * @param startStep finished steps
 * @returns what should be told: schedules that are shorter than the run and go on at their last value
 * @throws InvalidOptionError when the learning rate is 0 from some step to the end
 */
export function checkRates<B>(
  { options, schedules, totalSteps }: Pick<RunPlan<B>, 'options' | 'schedules' | 'totalSteps'>,
  startStep: number,
): readonly string[] {
  if (startStep === totalSteps) return [];
  const rate = schedules['learningRate']!;
  let end = totalSteps;
  while (end > startStep && rate(end - 1) === 0) end--;
  if (totalSteps - end > lastSteps) {
    if ((options.zeroRate ?? trainerDefaults.zeroRate) === 'refuse')
      throw zeroRate(startStep, end, totalSteps, options.checkpoint?.dir);
  }
  return Object.entries(schedules).flatMap(([name, schedule]) => {
    const length = schedule.totalSteps;
    if (length === undefined || length >= totalSteps) return [];
    return [
      `${name}: the schedule ends at step ${length}, the run goes to ${totalSteps}; from there on it stays at ${schedule(totalSteps - 1)}`,
    ];
  });
}

function zeroRate(startStep: number, end: number, totalSteps: number, dir: string | undefined): InvalidOptionError {
  const onward =
    startStep === 0
      ? `Make the schedule as long as the run (totalSteps: ${totalSteps})`
      : `Give a schedule that is the same up to step ${startStep} and goes on from there: (step) => (step < ${startStep} ? schedule(step) : next(step - ${startStep}))`;
  const anew = startStep === 0 || dir === undefined ? '' : `; ${newRunAdvice(dir)}`;
  const shorter = end > 0 ? `, end the run there (steps: ${end})` : '';
  return new InvalidOptionError(
    'Trainer',
    'schedule',
    'a learning rate above 0 up to the end of the run',
    `0 from step ${end} on, where the run goes to ${totalSteps}; nothing would be learned. ${onward}${shorter}, or pass zeroRate: 'allow'${anew}`,
  );
}

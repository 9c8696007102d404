import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { constant } from '../schedules/constant.js';
import { cosine } from '../schedules/cosine.js';
import { checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from '../schedules/schedule.js';
import type { EmaPair } from '../step/ema.js';
import type { Method, RunShape } from '../step/method.js';
import { scheduledValue, type ValueRange } from '../step/scheduled-value.js';
import { valuePrefix } from '../step/training-step.js';
import { trainerDefaults, type TrainerOptions } from './trainer-options.js';

const where = 'Trainer';

const emaMomentum = 'emaMomentum';

/** A pair's own momentum has a schedule of its own; the others share the run's. */
export const momentumName = ({ momentum }: EmaPair, index: number): string =>
  momentum === undefined ? emaMomentum : `${emaMomentum}.${index}`;

/** All schedules of a run by name: the learning rate, those of the optimiser, of the pairs' momenta, of the method. */
export function plannedSchedules<B>(
  { schedule, optimizer, method, ema }: TrainerOptions<B>,
  shape: RunShape,
  pairs: readonly EmaPair[],
): Record<string, Schedule> {
  const found: Record<string, Schedule> = {
    learningRate: asSchedule('schedule', schedule, rangeOf('')),
    ...optimizer.schedules,
  };
  const pairRange = rangeOf(emaMomentum);
  if (pairs.some(({ momentum }) => momentum === undefined)) {
    const usual = cosine({ base: trainerDefaults.emaMomentum, totalSteps: shape.totalSteps, final: 1 });
    found[emaMomentum] = asSchedule('ema.momentum', ema?.momentum ?? usual, pairRange);
  }
  pairs.forEach((pair, index) => {
    const option = `method.emaPairs()[${index}].momentum`;
    if (pair.momentum !== undefined) found[momentumName(pair, index)] = asSchedule(option, pair.momentum, pairRange);
  });
  for (const [name, value] of Object.entries<number | Schedule>(method.schedules?.(shape) ?? {}))
    found[`${valuePrefix}${name}`] = asSchedule(`method.schedules().${name}`, value, rangeOf(valuePrefix));
  return found;
}

/** Values of all schedules at a step. */
export function scheduledValues(schedules: Readonly<Record<string, Schedule>>, step: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(schedules).map(([name, schedule]) => {
      const option = name === 'learningRate' ? 'schedule' : name === emaMomentum ? 'ema.momentum' : name;
      return [name, scheduledValue(option, schedule, step, rangeOf(name))];
    }),
  );
}

/** The phase of a step; `train` where the method has none. */
export function phaseOf<B>(method: Method<B, string>, step: number, shape: RunShape): string {
  if (method.phaseAt === undefined) return 'train';
  const phase: unknown = method.phaseAt(step, shape);
  if (typeof phase === 'string' && phase !== '') return phase;
  throw new InvalidOptionError(where, `method.phaseAt(${step})`, 'the name of a phase', phase);
}

/** What a schedule's values may be. */
function rangeOf(name: string): ValueRange {
  if (name.startsWith(valuePrefix)) return { least: -Infinity, most: Infinity };
  return { least: 0, most: name.startsWith(emaMomentum) ? 1 : Infinity };
}

function asSchedule(option: string, value: number | Schedule, range: ValueRange): Schedule {
  if (typeof value === 'number') {
    checkNumber(where, option, value, range.least, range.most);
    return constant(value);
  }
  if (typeof value !== 'function') {
    const advice = 'Such as 1e-3, or warmupCosine({ base: 1e-3, warmupSteps: 100, totalSteps: 1000 })';
    throw new InvalidOptionError(where, option, 'a number, or a function of the step', value, advice);
  }
  // Before anything is computed: most schedules that are wrong are so from the first step.
  scheduledValue(option, value, 0, range);
  return value;
}

import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import type { Schedule } from './schedule.js';

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Value before the first milestone. */
  readonly base: number;
  /** Steps at which the value is multiplied by `factor`, ascending. */
  readonly milestones: readonly number[];
  /** Default 0.1. */
  readonly factor?: number;
}

const stepDecayOptionNames: OptionNames<StepDecayOptions> = {
  base: 'requiredNumber',
  milestones: 'required',
  factor: 'optionalNumber',
};

/**
 * Piecewise constant: `base * factor ^ (number of milestones <= step)`.
 *
 * Source: PyTorch's `MultiStepLR`; MoCo's schedule (arXiv 1911.05722, section 4).
 *
 * @throws InvalidOptionError for numbers out of range or milestones that do not ascend
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  const { base, milestones, factor = 0.1 } = checkOptions('stepDecay', options, stepDecayOptionNames);
  checkNumber('stepDecay', 'base', base);
  checkNumber('stepDecay', 'factor', factor, 0);
  milestones.forEach((milestone, index) => {
    checkInteger('stepDecay', `milestones[${index}]`, milestone, 0);
    if (index > 0 && milestone <= milestones[index - 1]!)
      throw new InvalidOptionError('stepDecay', 'milestones', 'ascending', milestones.join(', '));
  });
  return (step) => base * factor ** milestones.filter((milestone) => milestone <= step).length;
}

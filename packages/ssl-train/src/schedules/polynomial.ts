import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';
import { endingSchedule, type Schedule } from './schedule.js';

/** Options of {@link polynomial}. */
export interface PolynomialOptions {
  /** Value at step 0. */
  readonly base: number;
  /** Steps until `final` is reached. */
  readonly totalSteps: number;
  /** Exponent; 1 is a straight line. Default 1. */
  readonly power?: number;
  /** Value from `totalSteps` on. Default 0. */
  readonly final?: number;
}

const polynomialOptionNames: OptionNames<PolynomialOptions> = {
  base: 'requiredNumber',
  totalSteps: 'requiredNumber',
  power: 'optionalNumber',
  final: 'optionalNumber',
};

/**
 * `final + (base - final) * (1 - step / totalSteps) ^ power`.
 *
 * Source: PyTorch's `PolynomialLR` (`final` 0); with power 1 the linear decay of BERT (arXiv 1810.04805, appendix A.2).
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function polynomial(options: PolynomialOptions): Schedule {
  const { base, totalSteps, power = 1, final = 0 } = checkOptions('polynomial', options, polynomialOptionNames);
  checkNumber('polynomial', 'base', base);
  checkNumber('polynomial', 'final', final);
  checkNumber('polynomial', 'power', power, 0);
  checkInteger('polynomial', 'totalSteps', totalSteps, 1);
  return endingSchedule(totalSteps, (step) =>
    step >= totalSteps ? final : final + (base - final) * (1 - step / totalSteps) ** power,
  );
}

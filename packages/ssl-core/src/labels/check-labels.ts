import { DataError } from '../errors/data-error.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { noLabel } from './no-label.js';
import type { OptionNames } from '../options/option-names.js';
import { checkOptions } from '../options/check-options.js';

/** Options of {@link checkLabels}. */
export interface CheckLabelsOptions {
  /** Number of classes, where the caller knows it. Default: the largest label + 1. */
  readonly classes?: number | undefined;
  /** Whether a sample may have no label. Default false. */
  readonly unlabelled?: boolean;
}

const checkLabelsOptionNames: OptionNames<CheckLabelsOptions> = {
  classes: 'optionalNumber',
  unlabelled: 'optionalFlag',
};

/**
 * Checks class labels where they enter: each is an integer in `[0, classes)`; `noLabel` (-1) only where the caller can
 * do without a class.
 *
 * @param where the function that asks, for the message
 * @param parameter what the labels are called there
 * @param labels `[n]`
 * @returns the number of classes
 * @throws DataError that names the first label that is none, or counts those that are missing; InvalidOptionError where
 * the labels are no array, or `classes` is no number of classes
 */
export function checkLabels(
  where: string,
  parameter: string,
  labels: ArrayLike<number>,
  options: CheckLabelsOptions = {},
): number {
  const { classes, unlabelled = false } = checkOptions(where, options, checkLabelsOptionNames);
  // What has no length of its own, such as an array of @selfsup/ssl-core with its shape or a tensor, would be no labels at all.
  if (typeof (labels as ArrayLike<number> | undefined)?.length !== 'number')
    throw new InvalidOptionError(where, parameter, 'an array of numbers (the data of an NdArray or tensor)', labels);
  if (classes !== undefined && !(Number.isSafeInteger(classes) && classes > 0))
    throw new InvalidOptionError(where, 'classes', 'a positive integer', classes);
  let [largest, missing, firstMissing, wrong] = [-1, 0, -1, -1];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === noLabel) {
      if (missing++ === 0) firstMissing = i;
    } else if (!(Number.isInteger(label) && label >= 0 && label < (classes ?? 2 ** 31))) wrong = wrong < 0 ? i : wrong;
    else if (label > largest) largest = label;
  }
  const known = classes ?? largest + 1;
  const range = known < 1 ? 'the classes, which are integers from 0 on' : `the classes 0 .. ${known - 1}`;
  if (wrong >= 0) throw new DataError(`${where}: ${parameter}[${wrong}] is ${labels[wrong]}, outside ${range}`);
  if (missing > 0 && !unlabelled) {
    throw new DataError(
      `${where}: ${missing} of ${labels.length} ${parameter} are ${noLabel}, which is 'no label', the first of them ${parameter}[${firstMissing}]. Leave these samples out (labelledRows(${parameter}) of @selfsup/ssl-data numbers the others); a label is one of ${range}`,
    );
  }
  return known;
}

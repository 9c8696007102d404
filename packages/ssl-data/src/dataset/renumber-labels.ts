import { DataError } from '@selfsup/ssl-core';
import { numberClasses } from './number-classes.js';
import { sharedIntegers } from './shared-memory.js';

export interface RenumberOptions {
  /** The list that the caller gave; see `readClassList`. */
  readonly given: readonly string[] | undefined;
  readonly allowEmpty: boolean;
  readonly path: string;
}

/** Classes of samples, `[n]`, and names of the classes. */
export interface NamedLabels {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/**
 * Labels of a source that has numbers already, as the caller's list of classes has them.
 *
 * @param labels `[n]`; negative = without label, stays so
 * @param names of the source's classes, empty where it has none: its numbers are then places in the list
 * @returns as they are without a list
 * @throws DataError for a label that is in no class of the list, and for classes without samples unless they are allowed
 */
export function renumberLabels(
  labels: Int32Array,
  names: readonly string[],
  { given, allowEmpty, path }: RenumberOptions,
): NamedLabels {
  if (given === undefined) return { labels, classes: names };
  const own = names.length === 0 ? given : names;
  const used = new Set(labels);
  for (const label of used)
    if (label >= own.length)
      throw new DataError(
        `has the label ${label}, and ${names.length === 0 ? 'the option classes lists' : 'names of'} ${own.length} classes, from 0 to ${own.length - 1}`,
        { path },
      );
  const numbers = [...used].filter((label) => label >= 0);
  const named = numbers.map((label) => own[label]!);
  const { classes, numberOf } = numberClasses({ used: named, given, allowEmpty, what: 'labels', path });
  const renumbered = new Map(numbers.map((label, at) => [label, numberOf(named[at]!)]));
  return { labels: sharedIntegers(labels.map((label) => (label < 0 ? label : renumbered.get(label)!))), classes };
}

import { DataError } from '@selfsup/ssl-core';
import { className } from './class-list.js';

/** Names of classes and their numbers. */
export interface NumberedClasses {
  /** In the order of their numbers. */
  readonly classes: readonly string[];
  /** Number of a name as it was found, whichever way its accents are written. */
  readonly numberOf: (name: string) => number;
}

export interface FoundClasses {
  /** Names with samples. */
  readonly used: Iterable<string>;
  /** Names without, such as empty folders. */
  readonly empty?: Iterable<string> | undefined;
  /** The list that the caller gave; see `readClassList`. */
  readonly given: readonly string[] | undefined;
  readonly allowEmpty: boolean;
  /** What is found, for messages, such as `class folders` or `labels`. */
  readonly what: string;
  readonly path: string;
}

/**
 * Gives classes their numbers: places in the given list, or else ranks of the names that were found, by code unit.
 *
 * A class without samples would shift the numbers of those behind it against a data set that has them all, and so is an
 * error unless it is allowed. Names are compared in Unicode's form C and by case.
 *
 * @throws DataError that names classes without samples, and names that are not in the list
 */
export function numberClasses({ used, empty = [], given, allowEmpty, what, path }: FoundClasses): NumberedClasses {
  const withSamples = new Set(Array.from(used, className));
  const bare = new Set(Array.from(empty, className).filter((name) => !withSamples.has(name)));
  const sorted = (names: Iterable<string>): string[] => [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const classes = given ?? sorted(new Set([...withSamples, ...bare]));
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const unlisted = sorted(withSamples).filter((name) => !numbers.has(name));
  if (unlisted.length > 0) throw new DataError(unlistedText(what, unlisted, classes), { path });
  const without = classes.filter((name) => !withSamples.has(name));
  if (without.length > 0 && !allowEmpty)
    throw new DataError(
      given === undefined
        ? `the ${what} ${listed(without)} hold nothing that can be read, which shifts the numbers of other classes; ` +
            'fill or remove them, or pass allowEmpty: true, by which they keep their numbers'
        : `has nothing of the classes ${listed(without)} that the option classes lists; correct the list, ` +
            'or pass allowEmpty: true if that is right',
      { path },
    );
  return { classes, numberOf: (name) => numbers.get(className(name))! };
}

/** What to say of names that are not in the list of classes. */
export function unlistedText(what: string, names: readonly string[], classes: readonly string[]): string {
  const folded = new Map(classes.map((name) => [name.toLowerCase(), name]));
  const alike = folded.get(className(names[0]!).toLowerCase());
  const hint =
    alike !== undefined
      ? `; '${alike}' in it differs by case`
      : `; the list has ${classes.length === 1 ? 'one' : classes.length}: ${listed(classes)}`;
  return `has the ${what} ${listed(names)}, not in the option classes${hint}; add them to the list, or take them out of the data`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).map((name) => `'${name.slice(0, 80)}'`);
  return `${shown.join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
}

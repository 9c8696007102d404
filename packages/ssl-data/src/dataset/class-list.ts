import { DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { invalidUtf8At } from '../io/invalid-utf8.js';
import { readWhole } from '../io/read-whole.js';
import { classesInWeights } from './classes-in-weights.js';

/**
 * Which classes there are: their names in the order of their numbers, such as another data set's `classes`, or the path
 * of a file with them: a JSON array of strings (`.json`), weights with such an array as `classes` in their metadata
 * (`.safetensors`), or a text with one name a line.
 */
export type ClassList = readonly string[] | string;

/** How classes get their numbers. */
export interface ClassOptions {
  /**
   * The classes, so that their numbers do not hang on what is found: names in the order of their numbers, such as
   * `trainSet.classes`, or the path of a file that lists them. What is in no class of the list is an error. Default: the
   * names that are found, sorted by code unit.
   */
  readonly classes?: ClassList | undefined;
  /** Accept classes without a sample; they keep their numbers. Default false: they are an error. */
  readonly allowEmpty?: boolean | undefined;
}

/** Names of {@link ClassOptions}. */
export const classOptionNames: OptionNames<ClassOptions> = {
  classes: 'optional',
  allowEmpty: 'optionalFlag',
};

const maxClasses = 1_000_000;
const maxListBytes = 2 ** 26;

/** How classes are told from each other: accents may be written in two ways, and systems differ in which they store. */
export function className(text: string): string {
  return text.normalize('NFC');
}

/**
 * Names of the classes that an option gives, each once.
 *
 * @param where what has the option, for messages
 * @returns `undefined` without the option
 * @throws InvalidOptionError for a list that is empty or has a name twice; DataError for a file that is no list
 */
export async function readClassList(
  where: string,
  classes: ClassList | undefined,
): Promise<readonly string[] | undefined> {
  if (classes === undefined) return undefined;
  const listed: unknown = typeof classes === 'string' ? await listIn(classes) : classes;
  const place = typeof classes === 'string' ? ` of ${classes}` : '';
  const fail = (expected: string, actual: unknown): never => {
    throw new InvalidOptionError(where, `classes${place}`, expected, actual);
  };
  const ofNames = 'names of classes in the order of their numbers';
  if (!Array.isArray(listed) || listed.length > maxClasses) return fail(ofNames, listed);
  if (listed.length === 0) return fail(`${ofNames}; a data set without names of classes has none to give`, '[]');
  const names = new Map<string, number>();
  for (const [number, name] of listed.entries()) {
    if (typeof name !== 'string' || name === '') return fail(ofNames, `${String(name)} as number ${number}`);
    if (names.has(className(name))) fail('names that differ', `'${name}' twice`);
    names.set(className(name), number);
  }
  return [...names.keys()];
}

async function listIn(path: string): Promise<unknown> {
  if (/\.safetensors$/i.test(path)) return classesInWeights(path);
  const bytes = await readWhole(path, maxListBytes);
  // A zero is valid, but in no name: text in UTF-16 without a byte order mark is full of them.
  const invalid = Math.min(...[bytes.indexOf(0), invalidUtf8At(bytes)].filter((at) => at >= 0));
  if (invalid < Infinity)
    throw new DataError('is not UTF-8 text, as a list of classes is; convert it to UTF-8', { path, offset: invalid });
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '');
  if (/\.json$/i.test(path)) {
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw new DataError('is no JSON; a list of classes is an array of strings', { path, cause });
    }
  }
  return text
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

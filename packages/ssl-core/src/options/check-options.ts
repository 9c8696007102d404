import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkRandomKey } from '../random/check-random-key.js';
import { nearestName } from './nearest-name.js';
import type { OptionKind } from './option-names.js';

/** Names of options; see `OptionNames` for the table of a type. */
export type KnownOptions = Readonly<Record<string, OptionKind>>;

/**
 * Refuses options that would be taken for nothing: names that are not known, a required one that is missing, and what is
 * no options object at all, and a random key, number, flag or function that is none. A known name may be undefined where
 * it is not required, and symbols are not looked at. An instance of a class counts with its enumerable fields, own and
 * inherited. Whether a number is in range is its user's to check. Cheap enough for a loss inside a loop.
 *
 * @param where the function or class, as its caller writes it
 * @param options what the caller gave
 * @param known every name and its kind
 * @param option what the caller calls the object, where it is part of another
 * @returns the options, without those that are undefined: spread over defaults they would hide them
 * @throws InvalidOptionError naming the first such option, the nearest name and all names
 *
 * @example
 * const { rate, seed } = { ...noiseDefaults, ...checkOptions('noise', options, noiseOptionNames) };
 */
export function checkOptions<O extends object>(where: string, options: O, known: KnownOptions, option?: string): O {
  if (!isOptionsObject(options))
    throw new InvalidOptionError(where, option ?? 'options', 'an object of options', options, listOf(known));
  let hasUndefined = false;
  for (const name in options) {
    if (!Object.hasOwn(known, name)) throw unknown(where, options, name, known, option);
    hasUndefined ||= options[name] === undefined;
  }
  for (const name in known) {
    const kind = known[name]!;
    const value = options[name];
    if (value !== undefined) checkKind(where, option, name, kind, value);
    else if (kind.startsWith('required')) throw missing(where, name, known, option);
  }
  return hasUndefined ? given(options) : options;
}

/** `{}`, a record without a prototype or an instance of a class, as opposed to lists, maps, promises and buffers. */
function isOptionsObject<O>(value: O): value is O & Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (!Array.isArray(value) && Object.prototype.toString.call(value) === '[object Object]' && !isTensor(value))
  );
}

/** A tensor where the options belong is a view too many, not a set of misspelt options. */
const isTensor = (value: object): boolean => 'dtype' in value && 'shape' in value;

function checkKind(where: string, option: string | undefined, name: string, kind: OptionKind, value: unknown): void {
  switch (kind) {
    case 'required':
    case 'optional':
      return;
    case 'requiredKey':
    case 'optionalKey':
      checkRandomKey(where, within(option, name), value);
      return;
    case 'requiredNumber':
    case 'optionalNumber':
      if (typeof value === 'number') return;
      throw new InvalidOptionError(where, within(option, name), 'a number', value, toNumber(value));
    case 'requiredFlag':
    case 'optionalFlag':
      if (typeof value !== 'boolean') throw new InvalidOptionError(where, within(option, name), 'true or false', value);
      return;
    case 'requiredFunction':
    case 'optionalFunction':
      if (typeof value !== 'function') throw new InvalidOptionError(where, within(option, name), 'a function', value);
  }
}

/** Text of the environment or of a command line. */
const toNumber = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))
    ? `Write ${Number(value)}, or Number(text) where it comes from outside`
    : undefined;

function given<O extends object>(options: O): O {
  const values: Partial<O> = {};
  for (const name in options) if (options[name] !== undefined) values[name] = options[name];
  return values as O;
}

function unknown(
  where: string,
  options: Readonly<Record<string, unknown>>,
  name: string,
  known: KnownOptions,
  option: string | undefined,
): InvalidOptionError {
  const nearest = nearestName(name, Object.keys(known));
  const advice = nearest === undefined ? listOf(known) : `Did you mean '${nearest}'? ${listOf(known)}`;
  return new InvalidOptionError(where, within(option, name), 'a known option', options[name], advice);
}

function missing(where: string, name: string, known: KnownOptions, option: string | undefined): InvalidOptionError {
  const required = Object.keys(known).filter((key) => known[key]!.startsWith('required'));
  const advice = required.length > 1 ? `Required are ${required.join(', ')}` : undefined;
  return new InvalidOptionError(where, within(option, name), 'given', undefined, advice);
}

const within = (option: string | undefined, name: string): string =>
  option === undefined ? name : `${option}.${name}`;

const listOf = (known: KnownOptions): string => `Options are ${Object.keys(known).join(', ')}`;

import type { RandomKey } from '../random/random-key.js';

/**
 * What is known of an option: whether it has to be given, and what it is where that is one thing. A number in the place
 * of a key would make the same weights whatever it is, the text of an environment variable passes `> 0`, and `'false'`
 * is true.
 */
export type OptionKind = `${'required' | 'optional'}${'' | 'Key' | 'Number' | 'Flag' | 'Function'}`;

/** Names of every member of a union. */
type NamesOf<T> = T extends unknown ? keyof T & string : never;

/** Type of an option, in whichever members of the union have it. */
type ValueOf<T, K extends PropertyKey> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

/** true where a member of the union does not demand `K`. */
type IsOptional<T, K extends PropertyKey> = T extends unknown
  ? K extends keyof T
    ? undefined extends T[K]
      ? true
      : Partial<Pick<T, K>> extends Pick<T, K>
        ? true
        : false
    : true
  : never;

/**
 * `Key` for a random key, which is always called so: other pairs of numbers are ranges and rates. Nothing for what may be
 * one of several, `null` among them.
 */
type Suffix<K, V> = [V] extends [never]
  ? ''
  : [V] extends [number]
    ? 'Number'
    : [V] extends [boolean]
      ? 'Flag'
      : [V] extends [(...values: never) => unknown]
        ? 'Function'
        : K extends 'key'
          ? [NonNullable<V>] extends [RandomKey]
            ? 'Key'
            : ''
          : '';

/**
 * The names of an options type, each with its {@link OptionKind}, for `checkOptions`. A name that the type has and the
 * table lacks, one too many or one of another kind does not compile, so the two cannot drift apart.
 *
 * @example
 * const decayOptionNames: OptionNames<DecayOptions> = { base: 'requiredNumber', final: 'optionalNumber' };
 */
export type OptionNames<T> = {
  readonly [
    K in NamesOf<T>
  ]: `${true extends IsOptional<T, K> ? 'optional' : 'required'}${Suffix<K, Exclude<ValueOf<T, K>, undefined>>}`;
};

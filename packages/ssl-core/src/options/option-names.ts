import type { RandomKey } from '../random/random-key.js';

/**
 * What is known of an option: whether it has to be given, and whether it is a random key. A number in the place of a key
 * would make the same weights whatever it is.
 */
export type OptionKind = 'required' | 'optional' | 'requiredKey' | 'optionalKey';

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

/** `Key` for a random key, which is always called so: other pairs of numbers are ranges and rates. */
type KeySuffix<K, V> = K extends 'key' ? ([NonNullable<V>] extends [RandomKey] ? 'Key' : '') : '';

/**
 * The names of an options type, each with its {@link OptionKind}, for `checkOptions`. A name that the type has and the
 * table lacks, one too many or one of another kind does not compile, so the two cannot drift apart.
 *
 * @example
 * const decayOptionNames: OptionNames<DecayOptions> = { base: 'required', final: 'optional' };
 */
export type OptionNames<T> = {
  readonly [
    K in NamesOf<T>
  ]: `${true extends IsOptional<T, K> ? 'optional' : 'required'}${KeySuffix<K, ValueOf<T, K>>}`;
};

/** Names of every member of a union. */
type KeysOf<T> = T extends unknown ? keyof T & string : never;

/** true where a member of the union does not demand `K`. */
type Optional<T, K extends PropertyKey> = T extends unknown
  ? K extends keyof T
    ? undefined extends T[K]
      ? true
      : Record<never, never> extends Pick<T, K>
        ? true
        : false
    : true
  : never;

/**
 * The names of an options type, each with whether it has to be given, for {@link checkOptions}. A name that the type has
 * and the table lacks, one too many or one that is marked wrongly does not compile, so the two cannot drift apart.
 *
 * @example
 * const decayOptionNames: OptionNames<DecayOptions> = { base: 'required', final: 'optional' };
 */
export type OptionNames<T> = {
  readonly [K in KeysOf<T>]: true extends Optional<T, K> ? 'optional' : 'required';
};

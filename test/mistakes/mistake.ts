import { CheckpointError, DataError, InvalidOptionError, ShapeError, UnsupportedOpError } from '@selfsup/ssl-core';

/** Classes of errors that a mistake may end in. */
export const errorClasses = { CheckpointError, DataError, InvalidOptionError, ShapeError, UnsupportedOpError };

/** A natural mistake: what was written, what it says, and what its message advises. */
export interface Mistake {
  readonly title: string;
  /** What the user wrote; may be asynchronous. */
  readonly code: () => unknown;
  readonly error: keyof typeof errorClasses;
  /** The message, with what was wrong and the cure. */
  readonly message: RegExp;
  /** The advice, followed: has to succeed. */
  readonly cure?: () => unknown;
}

/** What JavaScript lets through where TypeScript would not. */
export const js = (value: unknown): never => value as never;

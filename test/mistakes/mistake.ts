import { expect, it } from 'vitest';
import { CheckpointError, DataError, InvalidOptionError, ShapeError, UnsupportedOpError } from '@selfsup/ssl-core';

/** Classes of errors that a mistake may end in. */
const errorClasses = { CheckpointError, DataError, InvalidOptionError, ShapeError, UnsupportedOpError };

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

/** A test of each mistake: its error, its message, and that the advice works. */
export function testMistakes(mistakes: readonly Mistake[]): void {
  it.each(mistakes.map((mistake) => [mistake.title, mistake] as const))(
    '%s',
    async (_title, { code, error, message, cure }) => {
      const thrown = await Promise.resolve()
        .then(code)
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      expect(thrown instanceof Error ? thrown.message : 'nothing was thrown').toMatch(message);
      expect(
        errorClasses[error].isInstance.call(errorClasses[error] as never, thrown),
        `${String(thrown)} is a ${error}`,
      ).toBe(true);
      await cure?.();
    },
  );
}

import { SslError } from './ssl-error.js';

/** A tensor has the wrong rank, size or dtype. */
export class ShapeError extends SslError {
  static override readonly code: string = 'SSL_SHAPE';
  /** Name of the offending parameter, as the caller wrote it. */
  readonly parameter: string;
  /** What would have been accepted, for example `[batch, dim]`. */
  readonly expected: string;
  /** What was given. */
  readonly actual: string;

  /** @param advice what helps, as a sentence without its full stop */
  constructor(where: string, parameter: string, expected: string, actual: string, advice?: string) {
    const problem = `${where}: ${parameter} must be ${expected}, got ${actual}`;
    super(advice === undefined ? problem : `${problem}. ${advice}`);
    this.parameter = parameter;
    this.expected = expected;
    this.actual = actual;
  }
}

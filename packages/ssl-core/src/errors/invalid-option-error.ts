import { SslError } from './ssl-error.js';

/** An option or argument has a value that is not accepted. */
export class InvalidOptionError extends SslError {
  static override readonly code: string = 'SSL_INVALID_OPTION';
  /** Name of the offending option. */
  readonly option: string;
  readonly expected: string;
  readonly actual: unknown;

  constructor(where: string, option: string, expected: string, actual: unknown) {
    super(
      `${where}: ${option} must be ${expected}, got ${typeof actual === 'string' ? `'${actual}'` : String(actual)}`,
    );
    this.option = option;
    this.expected = expected;
    this.actual = actual;
  }
}

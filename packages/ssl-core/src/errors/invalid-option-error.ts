import { describeValue } from './describe-value.js';
import { SslError } from './ssl-error.js';

/** An option or argument has a value that is not accepted. */
export class InvalidOptionError extends SslError {
  static override readonly code: string = 'SSL_INVALID_OPTION';
  /** Name of the offending option. */
  readonly option: string;
  readonly expected: string;
  readonly actual: unknown;

  /** @param advice what helps, as a sentence without its full stop */
  constructor(where: string, option: string, expected: string, actual: unknown, advice?: string) {
    const problem = `${where}: ${option} must be ${expected}, got ${describeValue(actual)}`;
    super(advice === undefined ? problem : `${problem}. ${advice}`);
    this.option = option;
    this.expected = expected;
    this.actual = actual;
  }
}

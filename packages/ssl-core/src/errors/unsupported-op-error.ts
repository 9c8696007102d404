import { SslError } from './ssl-error.js';

/** An operation cannot be recorded or run by compile(). */
export class UnsupportedOpError extends SslError {
  static override readonly code: string = 'SSL_UNSUPPORTED_OP';
  /** TF.js kernel or method name. */
  readonly op: string;
  /** Line of the user's code that called the op, where it could be found. */
  readonly userLine: string | undefined;

  constructor(op: string, problem: string, wayOut: string, userLine?: string) {
    super(`compile(): ${op} ${problem}${userLine === undefined ? '' : ` (called at ${userLine})`}. ${wayOut}`);
    this.op = op;
    this.userLine = userLine;
  }
}

import { SslError } from '@selfsup/ssl-core';

/** A function cannot be written as a portable file. The message says which op is in the way, and what helps. */
export class ExportError extends SslError {
  static override readonly code: string = 'SSL_EXPORT';
  /** What is in the way: a kernel, a variable or a tensor. */
  readonly op: string;
  /** Line of the user's code that called it, where it could be found. */
  readonly userLine: string | undefined;

  constructor(op: string, problem: string, wayOut: string, userLine?: string, options?: ErrorOptions) {
    const line = userLine === undefined ? '' : ` (called at ${userLine})`;
    super(`exportOnnx: ${op} ${problem}${line}. ${wayOut}`, options);
    this.op = op;
    this.userLine = userLine;
  }
}

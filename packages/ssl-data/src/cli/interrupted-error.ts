import { SslError } from '@selfsup/ssl-core';

/** Ctrl-C or SIGTERM ended the command, in good order. */
export class InterruptedError extends SslError {
  static override readonly code: string = 'SSL_INTERRUPTED';
  /** Exit status: 128 and the number of the signal. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

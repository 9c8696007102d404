import { SslError } from '@selfsup/ssl-core';

/** The run was stopped on purpose; what it had finished is saved. */
export class InterruptedError extends SslError {
  static override readonly code: string = 'SSL_INTERRUPTED';

  /** @param status exit status: 128 and the signal's number */
  constructor(
    message: string,
    readonly status: number = 130,
  ) {
    super(message);
  }
}

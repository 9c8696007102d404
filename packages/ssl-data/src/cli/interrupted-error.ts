import { SslError } from 'ssl-core';

/** Ctrl-C ended the command, in good order. */
export class InterruptedError extends SslError {
  static override readonly code: string = 'SSL_INTERRUPTED';
}

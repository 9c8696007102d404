import { SslError } from 'ssl-tensor/host';

/** The run was stopped on purpose; what it had finished is saved. */
export class InterruptedError extends SslError {
  static override readonly code: string = 'SSL_INTERRUPTED';
}

import { SslError } from '@selfsup/ssl-core';

/** The host function of a `hostCall` threw or rejected. */
export class HostCallError extends SslError {
  static override readonly code: string = 'SSL_HOST_CALL';
  /** Name of the host call. */
  readonly hostCall: string;

  constructor(hostCall: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`hostCall '${hostCall}' failed: ${reason}. Variables are as they were before the step`, { cause });
    this.hostCall = hostCall;
  }
}

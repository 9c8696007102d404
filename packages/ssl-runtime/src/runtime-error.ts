import { SslError } from '@selfsup/ssl-core';

/** ONNX Runtime does not load here. The message says why, and what helps. */
export class RuntimeError extends SslError {
  static override readonly code: string = 'SSL_RUNTIME';

  /** @param wayOut what to install or to run on instead */
  constructor(problem: string, wayOut: string, options?: ErrorOptions) {
    super(`ONNX Runtime does not load here: ${problem}. ${wayOut}`, options);
  }
}

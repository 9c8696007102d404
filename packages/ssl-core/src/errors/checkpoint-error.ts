import { printable } from '../printable.js';
import { SslError } from './ssl-error.js';

/** A checkpoint or weights file cannot be read, or does not fit the model. */
export class CheckpointError extends SslError {
  static override readonly code: string = 'SSL_CHECKPOINT';
  readonly path: string | undefined;
  /** Name of the tensor that does not fit, where there is one. */
  readonly parameter: string | undefined;

  constructor(message: string, where: { path?: string; parameter?: string; cause?: unknown } = {}) {
    super(
      where.path === undefined ? message : `${printable(where.path)}: ${message}`,
      where.cause === undefined ? undefined : { cause: where.cause },
    );
    this.path = where.path;
    this.parameter = where.parameter;
  }
}

import { printable } from '../printable.js';
import { SslError } from './ssl-error.js';

/** Input data is missing, truncated, corrupt or beyond a limit. */
export class DataError extends SslError {
  static override readonly code: string = 'SSL_DATA';
  /** File, URL or record that the error is about. */
  readonly path: string | undefined;
  /** Byte offset or line, where known. */
  readonly offset: number | undefined;

  constructor(message: string, where: { path?: string; offset?: number; cause?: unknown } = {}) {
    super(
      where.path === undefined ? message : `${printable(where.path)}: ${message}`,
      where.cause === undefined ? undefined : { cause: where.cause },
    );
    this.path = where.path;
    this.offset = where.offset;
  }
}

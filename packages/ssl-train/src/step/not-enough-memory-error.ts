import { SslError } from '@selfsup/ssl-tensor/host';

/** A step needs far more memory than the machine has, or than this process may use. Nothing was taken yet. */
export class NotEnoughMemoryError extends SslError {
  static override readonly code: string = 'SSL_NOT_ENOUGH_MEMORY';
  /** What the process would take, an estimate in bytes. */
  readonly needed: number | undefined;
  /** What the machine has, or what the process may use where that is less, in bytes. */
  readonly total: number | undefined;

  constructor(
    message: string,
    bytes: { readonly needed?: number; readonly total?: number; readonly cause?: unknown } = {},
  ) {
    super(message, bytes.cause === undefined ? undefined : { cause: bytes.cause });
    this.needed = bytes.needed;
    this.total = bytes.total;
  }
}

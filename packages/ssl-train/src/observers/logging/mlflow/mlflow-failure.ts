import { DataError } from '@selfsup/ssl-tensor/host';

/** What an MLflow server answered in place of a result, or that it did not answer. */
export class MlflowFailure extends DataError {
  /** Of HTTP; undefined where there was no answer. */
  readonly status: number | undefined;
  /** MLflow's `error_code`. */
  readonly errorCode: string | undefined;

  constructor(
    reason: string,
    url: string,
    answer: { status?: number; errorCode?: string | undefined; cause?: unknown } = {},
  ) {
    super(reason, { path: url, cause: answer.cause });
    this.status = answer.status;
    this.errorCode = answer.errorCode;
  }

  /** It answered, and will answer the same again: not one that is busy or broken. */
  get isRefusal(): boolean {
    const { status } = this;
    return status !== undefined && status < 500 && status !== 408 && status !== 429;
  }

  /** What was sent is at fault, and not who sent it or where to. */
  get isOfContent(): boolean {
    return this.status === 400 || this.status === 413;
  }

  /** What was sent may have arrived all the same. */
  get mayHaveArrived(): boolean {
    return this.status === undefined || this.status >= 500;
  }
}

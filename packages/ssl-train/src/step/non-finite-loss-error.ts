import { SslError } from '@selfsup/ssl-tensor/host';

/** Training broke down: the loss is NaN or infinite. */
export class NonFiniteLossError extends SslError {
  static override readonly code: string = 'SSL_NON_FINITE_LOSS';
  /** Its step, counted from 1; the loss of the step before was finite. */
  readonly step: number | undefined;
  readonly learningRate: number | undefined;
  readonly loss: number | undefined;

  constructor(message: string, where: { step?: number; learningRate?: number; loss?: number; cause?: unknown } = {}) {
    super(message, where.cause === undefined ? undefined : { cause: where.cause });
    this.step = where.step;
    this.learningRate = where.learningRate;
    this.loss = where.loss;
  }
}

/** The error with its advice. */
export function nonFiniteLoss(where: { step: number; learningRate: number; loss: number }): NonFiniteLossError {
  const { step, learningRate, loss } = where;
  const before = step === 1 ? 'the first one' : 'it was finite at the step before';
  const advice =
    'Lower the learning rate, warm it up for longer, or clip gradients (gradientStages: [clipByGlobalNorm(1)]); at the first step, look for NaN or unscaled values in the data. A batch that has no label, no masked token or no masked patch, or a label outside the classes, makes a loss NaN too';
  return new NonFiniteLossError(
    `the loss is ${loss} at step ${step} (learning rate ${learningRate}; ${before}). ${advice}`,
    where,
  );
}

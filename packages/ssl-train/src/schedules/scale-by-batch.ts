import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkInteger, checkNumber } from '@selfsup/ssl-core';

/** Options of {@link scaleByBatch}. */
export interface ScaleByBatchOptions {
  /** Learning rate at the reference batch. */
  readonly base: number;
  /** Examples per optimiser step, accumulation included. */
  readonly batchSize: number;
  /** Batch at which `base` holds. Default 256. */
  readonly referenceBatch?: number;
  /** `linear` multiplies by the ratio of the batches, `sqrt` by its root. Default `linear`. */
  readonly rule?: 'linear' | 'sqrt';
}

const scaleByBatchOptionNames: OptionNames<ScaleByBatchOptions> = {
  base: 'requiredNumber',
  batchSize: 'requiredNumber',
  referenceBatch: 'optionalNumber',
  rule: 'optional',
};

/**
 * Learning rate for a batch size: `base * batchSize / referenceBatch`, or `base * sqrt(batchSize / referenceBatch)`.
 *
 * Source: Goyal et al. 2017, arXiv 1706.02677, section 2.1 (linear); Chen et al. 2020, arXiv 2002.05709, appendix B.1
 * (square root).
 *
 * @throws InvalidOptionError for numbers out of range
 */
export function scaleByBatch(options: ScaleByBatchOptions): number {
  const {
    base,
    batchSize,
    referenceBatch = 256,
    rule = 'linear',
  } = checkOptions('scaleByBatch', options, scaleByBatchOptionNames);
  if (rule !== 'linear' && rule !== 'sqrt')
    throw new InvalidOptionError('scaleByBatch', 'rule', "'linear' or 'sqrt'", rule);
  checkNumber('scaleByBatch', 'base', base);
  checkInteger('scaleByBatch', 'batchSize', batchSize, 1);
  checkInteger('scaleByBatch', 'referenceBatch', referenceBatch, 1);
  const ratio = batchSize / referenceBatch;
  return base * (rule === 'sqrt' ? Math.sqrt(ratio) : ratio);
}

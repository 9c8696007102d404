import { checkLabels, DataError } from '@selfsup/ssl-core';

/**
 * Numbers of the samples that have a label, in ascending order: for `subset`, `gatherRows` of @selfsup/ssl-transfer or
 * `TokenDataset.subset` of @selfsup/ssl-text-mlm, where what follows needs a class of every sample.
 *
 * @param labels `[n]` classes, -1 = no label
 * @returns `[m]`, m >= 1
 * @throws DataError for a label that is neither a class nor -1, or when no sample has one
 */
export function labelledRows(labels: ArrayLike<number>): Int32Array {
  checkLabels('labelledRows', 'labels', labels, { unlabelled: true });
  const rows = Int32Array.from(Array.from(labels, (_, index) => index).filter((index) => labels[index]! >= 0));
  if (rows.length === 0) throw new DataError('labelledRows: no sample has a label; all labels are -1');
  return rows;
}

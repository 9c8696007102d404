import { balancedSubset } from '@selfsup/ssl-data';
import { checkCount, foldIn } from '@selfsup/ssl-tensor/host';
import type { RandomKey } from '@selfsup/ssl-tensor/host';

/**
 * Random few-label subsets: `draws` times `perClass` samples of every class, without replacement. The same key gives the
 * same draws, and draw `i` does not depend on how many draws follow.
 *
 * @param labels `[n]` class of each sample; -1 = no label, never drawn
 * @param perClass samples of each class
 * @param draws number of subsets
 * @returns `draws` arrays of `perClass x classes` indexes into `labels`, class by class
 * @throws DataError where a class has fewer than `perClass` samples; InvalidOptionError for the counts
 */
export function labelDraws(labels: Int32Array, perClass: number, draws: number, key: RandomKey): Int32Array[] {
  checkCount('labelDraws', { draws });
  return Array.from({ length: draws }, (_, draw) => balancedSubset(labels, perClass, foldIn(key, draw)));
}

import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkTensor } from '../numerics/check.js';
import { l2Normalize } from '../numerics/l2-normalize.js';

/**
 * Scales each prototype to length 1 in place, as methods with prototypes do before a step; works inside compile().
 *
 * @param prototypes `[k, dim]`, or `[dim, k]` where they are the weights of a linear layer
 * @param featureAxis the axis of size `dim`
 * @throws ShapeError on another rank
 * Source: Caron et al. 2020, arXiv 2006.09882; lightly's `SwaVPrototypes.normalize`.
 */
export function normalizePrototypes(prototypes: tf.Variable<tf.Rank.R2>, featureAxis: 0 | 1 = 1): void {
  checkTensor('normalizePrototypes', 'prototypes', prototypes, ['k', 'dim']);
  if (typeof prototypes.assign !== 'function')
    throw new InvalidOptionError('normalizePrototypes', 'prototypes', 'a tf.Variable, which it assigns', prototypes);
  tf.tidy(() => {
    const rows = featureAxis === 1 ? prototypes : tf.transpose(prototypes);
    const unit = l2Normalize(rows as tf.Tensor2D);
    prototypes.assign(featureAxis === 1 ? unit : (tf.transpose(unit) as tf.Tensor2D));
  });
}

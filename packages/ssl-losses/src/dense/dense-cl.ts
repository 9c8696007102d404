import * as tf from '@tensorflow/tfjs-core';
import { checkOptions, checkShare, type OptionNames } from '@selfsup/ssl-tensor/host';
import { checkTensorRecord } from '../numerics/check-inputs.js';
import { checkTensor } from '../numerics/check.js';
import { infoNCE, infoNCEDefaults } from '../contrastive/info-nce.js';
import { mostSimilar } from './most-similar.js';
import { takePlaces } from './take-places.js';

/** One view of {@link denseCL}. */
export interface DenseCLView {
  /** Output of the global head, `[batch, dim]`. */
  readonly global: tf.Tensor2D;
  /** Output of the dense head, `[batch, places, denseDim]`. */
  readonly dense: tf.Tensor3D;
  /** The backbone's features at the same places, which say what corresponds, `[batch, places, channels]`. */
  readonly features: tf.Tensor3D;
}

/** Options of {@link denseCL}. */
export interface DenseCLOptions {
  /** Weight of the dense part, in `[0, 1]`. */
  readonly lambda?: number;
  /** Divisor of the cosines of both parts, positive. */
  readonly temperature?: number;
  /** Global features of earlier batches, `[k, dim]`; without them, the other images of the batch. */
  readonly negatives?: tf.Tensor2D;
  /** Means of dense features of earlier images, `[k, denseDim]`; without them, all other places of the batch. */
  readonly denseNegatives?: tf.Tensor2D;
}

const denseCLOptionNames: OptionNames<DenseCLOptions> = {
  lambda: 'optionalNumber',
  temperature: 'optionalNumber',
  negatives: 'optional',
  denseNegatives: 'optional',
};

/** Defaults of {@link denseCL}: arXiv 2011.09157; the temperature is that of MoCo v2. */
export const denseCLDefaults = { lambda: 0.5, temperature: 0.2 } as const;

/**
 * Contrast of whole views and of places: `(1 - lambda) L_global + lambda L_dense`, both `infoNCE`. The positive of a place
 * is the place of the key view whose backbone feature has the largest cosine with its own.
 *
 * @param query by the network that is trained: of views `[batch, dim]`, of places `[batch, places, dim]`
 * @param key another view by the momentum network; pass it through `stopGradient` if it has a gradient
 * @returns scalar in nats
 * @throws ShapeError when the shapes do not match; InvalidOptionError for options
 * Source: Wang et al. 2021, arXiv 2011.09157. As lightly's DenseCL example puts it together from
 * `NTXentLoss` and `select_most_similar`.
 */
export function denseCL(query: DenseCLView, key: DenseCLView, options: DenseCLOptions = {}): tf.Scalar {
  const { lambda, temperature, negatives, denseNegatives } = {
    ...denseCLDefaults,
    ...checkOptions('denseCL', options, denseCLOptionNames),
  };
  checkTensorRecord('denseCL', 'query', query, ['global', 'dense', 'features']);
  checkTensorRecord('denseCL', 'key', key, ['global', 'dense', 'features']);
  checkTensor('denseCL', 'query.global', query.global, ['batch', 'dim']);
  checkTensor('denseCL', 'key.global', key.global, query.global.shape);
  const [batch] = query.global.shape;
  checkTensor('denseCL', 'query.dense', query.dense, [batch, 'places', 'denseDim']);
  const [, places, dim] = query.dense.shape;
  checkTensor('denseCL', 'query.features', query.features, [batch, places, 'channels']);
  checkTensor('denseCL', 'key.dense', key.dense, [batch, 'places', dim]);
  checkTensor('denseCL', 'key.features', key.features, [batch, key.dense.shape[1], query.features.shape[2]]);
  checkShare('denseCL', { lambda });

  const contrast = { ...infoNCEDefaults, temperature };
  const whole = infoNCE(query.global, key.global, negatives, contrast);
  const partners = takePlaces(key.dense, mostSimilar(query.features, key.features));
  const rows = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(x, [batch * places, dim]);
  const dense = infoNCE(rows(query.dense), rows(partners), denseNegatives, contrast);
  return tf.add(tf.mul(whole, 1 - lambda), tf.mul(dense, lambda));
}

import { checkOptions, copyOf, ndArray, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import { drawBeta } from './draw-beta.js';
import {
  checkMixable,
  type MixableBatch,
  type MixedBatch,
  mixedLabels,
  mixingOptionNames,
  type MixingOptions,
} from './mixed-batch.js';

/** Defaults of {@link mixup}: mixup (arXiv 1710.09412), section 3.1, for ImageNet; CIFAR-10 has `alpha` 1. */
export const mixupDefaults = { alpha: 0.2, perImage: false } as const;

/**
 * Mixes every image with another one of the batch: `lambda x + (1 - lambda) x'`, with `lambda` of Beta(alpha, alpha).
 *
 * @param batch images `[n, h, w, c]`, uint8 (rounded) or float32, and labels `[n]`
 * @param key the same key gives the same mixture
 * @returns mixed images `[n, h, w, c]` of the same type, and for the targets `labels`, `partnerLabels` and `lambda`, as
 * `mixedTargets` of @selfsup/ssl-losses takes them
 * @throws ShapeError, InvalidOptionError
 * Source: Zhang et al. 2017, arXiv 1710.09412, section 2; partners by a random order, as in its reference code.
 */
export function mixup<D extends Uint8Array | Float32Array>(
  batch: MixableBatch<D>,
  key: RandomKey,
  options: MixingOptions = {},
): MixedBatch<D> {
  const { alpha, perImage } = { ...mixupDefaults, ...checkOptions('mixup', options, mixingOptionNames) };
  const [count] = checkMixable('mixup', batch, alpha);
  const { data, shape } = batch.images;
  const random = new RandomStream(key);
  const partners = Int32Array.from(random.permutation(count));
  const shared = drawBeta(alpha, alpha, random);
  const lambda = Float32Array.from(partners, () => (perImage ? drawBeta(alpha, alpha, random) : shared));
  const out = copyOf(data);
  // Half a level up: storing into bytes cuts the fraction off.
  const rounding = data instanceof Uint8Array ? 0.5 : 0;
  const size = data.length / count;
  for (let i = 0; i < count; i++) {
    const share = lambda[i]!;
    const own = i * size;
    const other = partners[i]! * size;
    for (let k = 0; k < size; k++) out[own + k] = share * data[own + k]! + (1 - share) * data[other + k]! + rounding;
  }
  return {
    images: ndArray(out, shape),
    partners: ndArray(partners, [count]),
    lambda: ndArray(lambda, [count]),
    ...mixedLabels(batch.labels, partners),
  };
}

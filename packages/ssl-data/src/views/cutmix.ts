import { checkOptions, copyOf, ndArray, type RandomKey, RandomStream } from '@selfsup/ssl-core';
import type { Box } from '../image/box.js';
import { drawBeta } from './draw-beta.js';
import {
  checkMixable,
  type MixableBatch,
  type MixedBatch,
  mixedLabels,
  mixingOptionNames,
  type MixingOptions,
} from './mixed-batch.js';

/** Defaults of {@link cutmix}: CutMix (arXiv 1905.04899), section 3.1. */
export const cutmixDefaults = { alpha: 1, perImage: false } as const;

/**
 * Draws the rectangle of CutMix: sides `sqrt(1 - lambda)` of the image's, centre uniform over the image, cut off at the
 * edges. It may be empty.
 *
 * Source: Yun et al. 2019, arXiv 1905.04899, equation 2; torchvision's `CutMix`.
 */
export function drawCutmixBox(height: number, width: number, alpha: number, random: RandomStream): Box {
  const half = 0.5 * Math.sqrt(1 - drawBeta(alpha, alpha, random));
  const halfHeight = Math.trunc(half * height);
  const halfWidth = Math.trunc(half * width);
  const centerX = random.integer(width);
  const centerY = random.integer(height);
  const top = Math.max(0, centerY - halfHeight);
  const left = Math.max(0, centerX - halfWidth);
  return {
    top,
    left,
    height: Math.min(height, centerY + halfHeight) - top,
    width: Math.min(width, centerX + halfWidth) - left,
  };
}

/**
 * Puts a rectangle of another image of the batch into every image. `lambda` is the part of the area that stays.
 *
 * @param batch images `[n, h, w, c]`, uint8 or float32, and labels `[n]`
 * @param key the same key gives the same mixture
 * @returns mixed images `[n, h, w, c]` of the same type, and for the targets `labels`, `partnerLabels` and `lambda`, as
 * `mixedTargets` of @selfsup/ssl-losses takes them
 * @throws ShapeError, InvalidOptionError
 * Source: Yun et al. 2019, arXiv 1905.04899, section 3.1; torchvision's `CutMix`, with partners by a random order.
 */
export function cutmix<D extends Uint8Array | Float32Array>(
  batch: MixableBatch<D>,
  key: RandomKey,
  options: MixingOptions = {},
): MixedBatch<D> {
  const { alpha, perImage } = { ...cutmixDefaults, ...checkOptions('cutmix', options, mixingOptionNames) };
  const [count, height, width, channels] = checkMixable('cutmix', batch, alpha);
  const { data, shape } = batch.images;
  const random = new RandomStream(key);
  const partners = Int32Array.from(random.permutation(count));
  const shared = drawCutmixBox(height, width, alpha, random);
  const lambda = new Float32Array(count);
  const out = copyOf(data);
  const size = height * width * channels;
  for (let i = 0; i < count; i++) {
    const box = perImage ? drawCutmixBox(height, width, alpha, random) : shared;
    lambda[i] = 1 - (box.height * box.width) / (height * width);
    for (let y = box.top; y < box.top + box.height; y++) {
      const place = (y * width + box.left) * channels;
      const from = partners[i]! * size + place;
      out.set(data.subarray(from, from + box.width * channels), i * size + place);
    }
  }
  return {
    images: ndArray(out, shape),
    partners: ndArray(partners, [count]),
    lambda: ndArray(lambda, [count]),
    ...mixedLabels(batch.labels, partners),
  };
}

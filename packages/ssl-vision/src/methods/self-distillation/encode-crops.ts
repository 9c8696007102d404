import * as tf from '@tensorflow/tfjs-core';
import { childContext, type Encoder, type ForwardContext } from '@selfsup/ssl-nn';
import type { CropGroup } from '../../batches/crops-of.js';
import type { ImageStatistics } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { passOfSize } from './pass-of-size.js';

/**
 * Features of crops, one pass for each run of crops of one size: batch statistics are over the crops of a pass.
 *
 * @param where whose crops they are, for errors
 * @returns `[views * batch, featureDim]`, view after view
 * @throws ShapeError for crops of a size that the encoder does not take
 * Source: `MultiCropWrapper` of facebookresearch/dino; `forward` of facebookresearch/swav.
 */
export function encodeCrops(
  encoder: Encoder,
  groups: readonly CropGroup[],
  normalize: ImageStatistics,
  ctx: ForwardContext,
  where: string = encoder.constructor.name,
): tf.Tensor2D {
  const features = groups.map(({ images }, index) =>
    passOfSize(where, images, groups[0]!.images, () =>
      encoder.forward(normalizeImages(images, normalize), childContext(ctx, index)),
    ),
  );
  return features.length === 1 ? features[0]! : tf.concat(features, 0);
}

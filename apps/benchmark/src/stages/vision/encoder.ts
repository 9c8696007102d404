import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder, ForwardContext } from '@selfsup/ssl-nn';
import type { RandomKey } from '@selfsup/ssl-tensor';
import { createBackbone, normalizeImages } from '@selfsup/ssl-vision';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import type { VisionData } from './vision-data.js';

/** A fresh encoder of the recipe's kind, for the recipe's images. */
export function freshEncoder(recipe: VisionRecipe, { size, channels }: VisionData, key: RandomKey): Encoder {
  return createBackbone(recipe.encoder, { key, imageSize: size, inChannels: channels });
}

/** Features of raw pixels, `[batch, height, width, channels]` of 0 .. 255. Traced. */
export function featuresOf(
  encoder: Encoder,
  { statistics }: VisionData,
): (images: tf.Tensor, ctx?: ForwardContext) => tf.Tensor2D {
  return (images, ctx) => encoder.forward(normalizeImages(images, statistics), ctx);
}

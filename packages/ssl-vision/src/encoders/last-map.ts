import * as tf from '@tensorflow/tfjs-core';
import type { Encoder, ForwardContext, MapEncoder } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkEncoder } from './check-encoder.js';
import { ConvNeXt } from './convnext/convnext.js';
import { SwinTransformer } from './swin/swin-transformer.js';

/** An encoder whose features are the mean of its last map: one pass gives both. */
export type MeanEncoder = Encoder & MapEncoder;

/**
 * @throws InvalidOptionError for what is no encoder, has no maps, or has layers after its last map, which a loss on the map
 *   and its mean would not train
 */
export function checkMeanEncoder(where: string, backbone: MeanEncoder): void {
  checkEncoder(where, backbone);
  const given = backbone as Partial<MeanEncoder>;
  const expected = 'an encoder whose features are the mean of its last map, as ResNet and SmallConvEncoder';
  if (typeof given.maps !== 'function' || !Array.isArray(given.stages))
    throw new InvalidOptionError(where, 'backbone', expected, 'one without maps');
  const channels = given.stages.at(-1)?.channels;
  if (channels !== backbone.featureDim)
    throw new InvalidOptionError(
      where,
      'backbone',
      expected,
      `${backbone.featureDim} features of ${String(channels)} channels`,
    );
  if (backbone instanceof ConvNeXt || backbone instanceof SwinTransformer)
    throw new InvalidOptionError(where, 'backbone', expected, `a ${backbone.constructor.name}, with a norm after it`);
}

/** The coarsest map of images, `[batch, rows, columns, featureDim]`. */
export function lastMap(backbone: MeanEncoder, images: tf.Tensor4D, ctx: ForwardContext): tf.Tensor4D {
  return backbone.maps(images, ctx, { stages: [backbone.stages.length - 1] })[0]!;
}

/** The features of a last map, `[batch, featureDim]`. */
export const meanOf = (map: tf.Tensor4D): tf.Tensor2D => tf.mean(map, [1, 2]);

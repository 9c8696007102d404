import type * as tf from '@tensorflow/tfjs-core';
import type { Encoder, ForwardContext, MapEncoder } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { checkEncoder } from './check-encoder.js';

/** An encoder that gives its last map and the features of it in one pass. */
export type PooledEncoder = Encoder & MapEncoder & Required<Pick<MapEncoder, 'pooled'>>;

/** @throws InvalidOptionError for what is no encoder, has no maps, or does not tell the features of its last map */
export function checkPooledEncoder(where: string, backbone: PooledEncoder): void {
  checkEncoder(where, backbone);
  const { maps, stages, pooled } = backbone as Partial<PooledEncoder>;
  if (typeof maps === 'function' && Array.isArray(stages) && stages.length > 0 && typeof pooled === 'function') return;
  const advice = 'Such as resnet18({ key: randomKey(1) }), or give yours maps, stages and pooled(map)';
  throw new InvalidOptionError(where, 'backbone', 'an encoder of maps that pools its last one', backbone, advice);
}

/** Channels of the coarsest map. */
export const lastChannels = ({ stages }: PooledEncoder): number => stages.at(-1)!.channels;

/**
 * The coarsest map of images and the features of it, by one pass.
 *
 * @returns `[batch, rows, columns, channels]` and `[batch, featureDim]`
 */
export function mapAndFeatures(
  backbone: PooledEncoder,
  images: tf.Tensor4D,
  ctx: ForwardContext,
): { readonly map: tf.Tensor4D; readonly features: tf.Tensor2D } {
  const map = backbone.maps(images, ctx, { stages: [backbone.stages.length - 1] })[0]!;
  return { map, features: backbone.pooled(map, ctx) };
}

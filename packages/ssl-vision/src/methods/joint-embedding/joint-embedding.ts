import * as tf from '@tensorflow/tfjs-core';
import { childContext } from '@selfsup/ssl-nn';
import type { Encoder, ForwardContext } from '@selfsup/ssl-nn';
import { foldIn } from '@selfsup/ssl-tensor';
import type { RandomKey } from '@selfsup/ssl-tensor';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import { cropsOf, globalCount } from '../../batches/crops-of.js';
import { checkEncoder } from '../../encoders/check-encoder.js';
import type { LastNorm } from '../../heads/mlp-layers.js';
import { project, type Projector } from '../../heads/project.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { checkImageStatistics, type ImageStatistics } from '../../images/check-image-statistics.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { encodeCrops } from '../self-distillation/encode-crops.js';

/** What every method takes that trains an encoder with a head on it. */
export interface JointEmbeddingOptions {
  readonly backbone: Encoder;
  /** Source of the head's initial weights. */
  readonly key: RandomKey;
  /** Statistics of the images' pixels. */
  readonly normalize: ImageStatistics;
  /** Linear layers of the projection head. Default: the paper's. */
  readonly depth?: number;
  /** Width of the head's hidden layers. Default: the paper's. */
  readonly hiddenDim?: number;
  /** Width of the projections. Default: the paper's. */
  readonly outDim?: number;
}

/** Names of {@link JointEmbeddingOptions}. */
export const jointEmbeddingOptionNames: OptionNames<JointEmbeddingOptions> = {
  backbone: 'required',
  key: 'requiredKey',
  normalize: 'required',
  depth: 'optionalNumber',
  hiddenDim: 'optionalNumber',
  outDim: 'optionalNumber',
};

/**
 * The encoder, and a new head for it.
 *
 * @param lastNorm batch norm after the head's last layer
 * @throws InvalidOptionError for options out of range and for what is no encoder
 */
export function jointEmbedding(where: string, options: Required<JointEmbeddingOptions>, lastNorm: LastNorm): Projector {
  const { backbone, key, normalize, depth, hiddenDim, outDim } = options;
  checkEncoder(where, backbone);
  checkImageStatistics(where, 'normalize', normalize);
  const sizes = { depth, hiddenDim, outDim, lastNorm };
  return { backbone, head: new ProjectionHead(backbone.featureDim, { ...sizes, key: foldIn(key, 'head') }) };
}

/**
 * Projections of each view, a pass for each: batch statistics are those of one view.
 *
 * @param views uint8 or int32 pictures, `[batch, height, width, channels]` each
 * @returns `[batch, outDim]` each
 */
export function projectViews(
  { backbone, head }: Projector,
  views: readonly tf.Tensor[],
  normalize: ImageStatistics,
  ctx: ForwardContext,
): tf.Tensor2D[] {
  return views.map((view, at) => project({ backbone, head }, normalizeImages(view, normalize), childContext(ctx, at)));
}

/** Projections of a multi-crop batch, `[views, batch, outDim]` each. */
export interface ProjectedCrops {
  readonly globals: tf.Tensor3D;
  readonly locals: tf.Tensor3D;
  /** Of all views below each other, `[views * batch, outDim]`. */
  readonly all: tf.Tensor2D;
}

/**
 * Projections of two global views and of one or more local ones: a pass of the encoder for each run of views of one size, and
 * one of the head for all.
 *
 * @throws ShapeError for views that are not two of one size and then one or more others, and for less than two images
 */
export function projectCrops(
  where: string,
  { backbone, head }: Projector,
  batch: { readonly views: unknown },
  normalize: ImageStatistics,
  ctx: ForwardContext,
): ProjectedCrops {
  const { groups, count, batch: images } = cropsOf(where, batch, { locals: true, images: 2 });
  const features = encodeCrops(backbone, groups, normalize, childContext(ctx, 'backbone'), where);
  const all = head.forward(features, childContext(ctx, 'head'));
  const views = tf.reshape<tf.Rank.R3>(all, [count, images, head.outDim]);
  const part = (from: number, size: number): tf.Tensor3D => tf.slice(views, [from, 0, 0], [size, images, head.outDim]);
  return { globals: part(0, globalCount), locals: part(globalCount, count - globalCount), all };
}

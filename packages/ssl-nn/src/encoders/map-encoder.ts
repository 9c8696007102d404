import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../module/forward-context.js';
import type { Module } from '../module/module.js';

/** One of the sizes at which a {@link MapEncoder} gives maps. */
export interface MapStage<S = number> {
  /** Pixels of the image from one place of the map to the next, along either side; of volumes `[depth, height, width]`. */
  readonly stride: S;
  readonly channels: number;
}

/** Which maps of a {@link MapEncoder} are wanted. */
export interface MapOptions {
  /** Indices into `stages`, ascending; nothing after the last one is computed. Default: all. */
  readonly stages?: readonly number[];
}

/** Voxels from one place of a map to the next, along depth, height and width. */
export type VolumeStride = readonly [depth: number, height: number, width: number];

/**
 * A module that gives feature maps of several sizes: what detection, segmentation and dense losses want. Of volumes it is a
 * `MapEncoder<tf.Tensor5D, VolumeStride>`.
 */
export interface MapEncoder<I extends tf.Tensor = tf.Tensor4D, S = number> extends Module {
  /** From the finest to the coarsest. */
  readonly stages: readonly MapStage<S>[];
  /**
   * @param images float32 `[batch, height, width, channels]`, of volumes with a depth before the height; normalised
   * @param ctx default: evaluation
   * @returns of each chosen stage, in order, float32 `[batch, ceil(height / stride), ceil(width / stride), channels]`;
   *   `floor` where the encoder leaves out what no stride fills, as ConvNeXt does
   * @throws InvalidOptionError for stages that are not there or do not ascend
   */
  maps(images: I, ctx?: ForwardContext, options?: MapOptions): I[];
  /**
   * What `forward` makes of the last stage's map, for those who want both of one pass: with batch normalisation two passes
   * would count a batch twice.
   *
   * @param map of the last stage, by `maps` with the same `ctx`
   * @returns float32 `[batch, featureDim]`
   */
  pooled?(map: I, ctx?: ForwardContext): tf.Tensor2D;
}

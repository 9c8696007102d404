import type { NdArray } from '@selfsup/ssl-core';

/** Delivers batches of one epoch after another; what a trainer takes. */
export interface BatchLoader<B> {
  /** Batches in one epoch. */
  readonly batchesPerEpoch: number;
  /** Batches of one epoch, from a position; order and content depend on (seed, epoch, position) alone. */
  epoch(epoch: number, fromBatch?: number): AsyncIterable<B>;
  /** Stops the workers. Iterations under way fail. */
  close(): Promise<void>;
}

/** A batch of augmented images. */
export interface ViewBatch {
  /** One array per view, each uint8 `[batch, height, width, channels]`. */
  readonly views: readonly NdArray<Uint8Array>[];
  /**
   * Where each view lies in its picture, an array per view, each float32 `[batch, 4]`: top, left, bottom and right border in
   * pixels of the picture, bottom above top or right before left where it is mirrored. Where all views are `located`.
   */
  readonly boxes?: readonly NdArray<Float32Array>[];
  /** Numbers of the samples in the data set, `[batch]`. */
  readonly index: NdArray<Int32Array>;
  /** Classes, `[batch]`, -1 = no label; where the data set has them. */
  readonly labels?: NdArray<Int32Array>;
}

/** A batch of augmented volumes. */
export interface VolumeViewBatch {
  /** One array per view, each float32 `[batch, depth, height, width, channels]`. */
  readonly views: readonly NdArray<Float32Array>[];
  readonly index: NdArray<Int32Array>;
  readonly labels?: NdArray<Int32Array>;
}

/** A batch of volumes as the data set delivers them. */
export interface VolumeBatch {
  /** float32 `[batch, depth, height, width, channels]`. */
  readonly volumes: NdArray<Float32Array>;
  readonly index: NdArray<Int32Array>;
  readonly labels?: NdArray<Int32Array>;
}

/** A batch of images as the data set delivers them. */
export interface ImageBatch {
  /** uint8 `[batch, height, width, channels]`. */
  readonly images: NdArray<Uint8Array>;
  readonly index: NdArray<Int32Array>;
  readonly labels?: NdArray<Int32Array>;
}

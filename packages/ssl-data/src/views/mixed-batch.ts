import {
  checkPositive,
  InvalidOptionError,
  isNdArray,
  type NdArray,
  type OptionNames,
  ShapeError,
} from '@selfsup/ssl-core';

/** Images with labels, to be mixed with each other. */
export interface MixableBatch<D extends Uint8Array | Float32Array> {
  /** `[n, h, w, c]`. */
  readonly images: NdArray<D>;
  /** `[n]`. */
  readonly labels?: NdArray<Int32Array>;
}

/** Mixed images and what their targets are made of: `lambda onehot(labels) + (1 - lambda) onehot(partnerLabels)`. */
export interface MixedBatch<D extends Uint8Array | Float32Array> {
  /** `[n, h, w, c]`. */
  readonly images: NdArray<D>;
  /** Number in the batch of the image that was mixed in, `[n]`. */
  readonly partners: NdArray<Int32Array>;
  /** Share of the first image, `[n]`. */
  readonly lambda: NdArray<Float32Array>;
  /** Those of the batch, `[n]`. */
  readonly labels?: NdArray<Int32Array>;
  /** Labels of the images that were mixed in, `[n]`. */
  readonly partnerLabels?: NdArray<Int32Array>;
}

export interface MixingOptions {
  /** Both parameters of the Beta distribution of `lambda`. */
  readonly alpha?: number;
  /** Draws for each image instead of once for the batch. */
  readonly perImage?: boolean;
}

/** Names of {@link MixingOptions}. */
export const mixingOptionNames: OptionNames<MixingOptions> = {
  alpha: 'optionalNumber',
  perImage: 'optionalFlag',
};

/** @throws ShapeError, InvalidOptionError */
export function checkMixable(
  where: string,
  batch: MixableBatch<Uint8Array | Float32Array>,
  alpha: number,
): readonly [count: number, height: number, width: number, channels: number] {
  const { images, labels } = (batch ?? {}) as Partial<MixableBatch<Uint8Array | Float32Array>>;
  if (!isNdArray(images)) {
    const advice = 'Of a loader with views it is { images: batch.views[0], labels: batch.labels }';
    throw new InvalidOptionError(where, 'batch', 'a record { images, labels }', batch, advice);
  }
  const [count = 0, height = 0, width = 0, channels = 0] = images.shape;
  if (images.shape.length !== 4 || images.data.length !== count * height * width * channels || images.data.length === 0)
    throw new ShapeError(where, 'images', '[batch, height, width, channels], none 0', `[${images.shape.join(', ')}]`);
  if (labels !== undefined && !isNdArray(labels)) {
    const advice = 'Such as ndArray(labels, [count]) of an Int32Array';
    throw new InvalidOptionError(where, 'labels', 'an NdArray [batch]', labels, advice);
  }
  if (labels !== undefined && labels.data.length !== count)
    throw new ShapeError(where, 'labels', `[${count}]`, `[${labels.shape.join(', ')}]`);
  checkPositive(where, { alpha });
  return [count, height, width, channels];
}

/** Labels by the partners' numbers; nothing for a batch without labels. */
export function mixedLabels(
  labels: NdArray<Int32Array> | undefined,
  partners: Int32Array,
): { readonly labels?: NdArray<Int32Array>; readonly partnerLabels?: NdArray<Int32Array> } {
  if (labels === undefined) return {};
  return { labels, partnerLabels: { data: partners.map((partner) => labels.data[partner]!), shape: labels.shape } };
}

import { checkLabels, ndArray, ShapeError } from '@selfsup/ssl-core';
import { checkIndex } from './check-index.js';
import type { Dataset, ImageSample } from './dataset.js';
import { type DatasetSource, ownSource } from './dataset-source.js';
import { sharedIntegers, toSharedBytes } from './shared-memory.js';

/** Images of any sizes in one block of shared memory. */
export interface PackedImages {
  readonly bytes: Uint8Array;
  /** First byte of each image. */
  readonly offsets: Float64Array;
  /** Height, width and channels of each image, `[n, 3]`. */
  readonly sizes: Int32Array;
  readonly labels: Int32Array | undefined;
}

/**
 * Puts samples of unequal sizes into shared memory. Throws {@link ShapeError} when only some have a label, DataError for a
 * label that is neither a class nor -1.
 */
export function packImages(samples: readonly ImageSample[]): PackedImages {
  const offsets = new Float64Array(new SharedArrayBuffer(samples.length * 8));
  const sizes = new Int32Array(new SharedArrayBuffer(samples.length * 12));
  const bytes = new Uint8Array(
    new SharedArrayBuffer(samples.reduce((total, { image }) => total + image.data.length, 0)),
  );
  const labels = samples.map((sample) => sample.label);
  const labelled = labels.filter((label) => label !== undefined);
  if (labelled.length !== 0 && labelled.length !== samples.length)
    throw new ShapeError(
      'packImages',
      'labels',
      'given for all samples (-1 = no label) or for none',
      `${labelled.length} of ${samples.length}`,
    );
  checkLabels('packImages', 'labels', labelled, { unlabelled: true });
  let offset = 0;
  samples.forEach(({ image }, index) => {
    bytes.set(image.data, offset);
    offsets[index] = offset;
    sizes.set(image.shape, index * 3);
    offset += image.data.length;
  });
  return { bytes, offsets, sizes, labels: labelled.length === 0 ? undefined : sharedIntegers(labelled) };
}

/** Describes equal images that already lie one after the other. Throws DataError for a label that is none. */
export function packedEqualImages(
  bytes: Uint8Array,
  shape: readonly [count: number, height: number, width: number, channels: number],
  labels: ArrayLike<number> | undefined,
): PackedImages {
  if (labels !== undefined) checkLabels('ImageArrayDataset', 'labels', labels, { unlabelled: true });
  const [count, ...size] = shape;
  const length = size[0] * size[1] * size[2];
  const offsets = new Float64Array(new SharedArrayBuffer(count * 8));
  const sizes = new Int32Array(new SharedArrayBuffer(count * 12));
  for (let index = 0; index < count; index++) {
    offsets[index] = index * length;
    sizes.set(size, index * 3);
  }
  return {
    bytes: toSharedBytes(bytes),
    offsets,
    sizes,
    labels: labels === undefined ? undefined : sharedIntegers(labels),
  };
}

/** Samples out of {@link PackedImages}; images are windows on the block, not copies. */
export class PackedImageDataset implements Dataset<ImageSample> {
  readonly length: number;
  readonly #packed: PackedImages;

  constructor(packed: PackedImages) {
    this.#packed = packed;
    this.length = packed.offsets.length;
  }

  /** Classes of all samples, `[length]`, where known. */
  get labels(): Int32Array | undefined {
    return this.#packed.labels;
  }

  get source(): DatasetSource {
    return ownSource('packedImages', this.#packed);
  }

  get(index: number): ImageSample {
    checkIndex('Dataset.get', index, this.length);
    const { bytes, offsets, sizes, labels } = this.#packed;
    const shape = [sizes[index * 3]!, sizes[index * 3 + 1]!, sizes[index * 3 + 2]!];
    const offset = offsets[index]!;
    const image = ndArray(bytes.subarray(offset, offset + shape[0]! * shape[1]! * shape[2]!), shape);
    return labels === undefined ? { image } : { image, label: labels[index]! };
  }
}

import { InvalidOptionError, isNdArray } from '@selfsup/ssl-core';
import { checkIndex } from './check-index.js';
import type { Dataset, ImageSample } from './dataset.js';
import { type DatasetSource, ownSource } from './dataset-source.js';
import { type PackedImages, packImages } from './packed-images.js';

/**
 * Samples that are already in memory, of any kind.
 *
 * Image samples are copied into shared memory once, when a loader with workers first asks for them.
 */
export class ArrayDataset<S> implements Dataset<S> {
  readonly length: number;
  readonly #samples: readonly S[];
  #packed: PackedImages | undefined;

  /** @throws InvalidOptionError for samples that are no array */
  constructor(samples: readonly S[]) {
    if (!Array.isArray(samples))
      throw new InvalidOptionError('ArrayDataset', 'samples', 'an array of samples, one for each index', samples);
    this.#samples = samples as readonly S[];
    this.length = samples.length;
  }

  get source(): DatasetSource | undefined {
    const samples: readonly unknown[] = this.#samples;
    if (this.#packed === undefined && samples.every(isImageSample)) this.#packed = packImages(samples);
    return this.#packed === undefined ? undefined : ownSource('packedImages', this.#packed);
  }

  get(index: number): S {
    checkIndex('ArrayDataset.get', index, this.length);
    return this.#samples[index]!;
  }
}

function isImageSample(value: unknown): value is ImageSample {
  if (typeof value !== 'object' || value === null) return false;
  const { image } = value as { image?: unknown };
  return isNdArray(image) && image.data instanceof Uint8Array && image.shape.length === 3;
}

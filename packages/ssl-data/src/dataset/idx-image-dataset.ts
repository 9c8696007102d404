import type { NdArray } from 'ssl-tensor/host';
import { DataError } from 'ssl-tensor/host';
import { openIdx, type OpenIdxOptions } from '../io/open-idx.js';
import { ImageArrayDataset } from './image-array-dataset.js';

export interface IdxImageDatasetOptions extends OpenIdxOptions {
  /** Path of the images: uint8, `[n, h, w]` or `[n, h, w, c]`. */
  readonly images: string;
  /** Path of the classes: uint8 or int32, `[n]`. */
  readonly labels?: string;
}

/** MNIST and its relatives: images and classes from a pair of IDX files, in memory that all workers share. */
export class IdxImageDataset extends ImageArrayDataset {
  /**
   * @throws DataError for a file that is missing, damaged or of the wrong type, and for files that do not belong together
   */
  static async open(options: IdxImageDatasetOptions): Promise<IdxImageDataset> {
    const images = await openIdx(options.images, options);
    if (!(images.data instanceof Uint8Array) || images.shape.length < 3 || images.shape.length > 4) {
      throw new DataError(
        `holds [${images.shape.join(', ')}] of ${images.data.constructor.name}; images are [n, height, width] or [n, height, width, channels] of uint8`,
        { path: options.images },
      );
    }
    const pixels: NdArray<Uint8Array> = { data: images.data, shape: images.shape };
    if (options.labels === undefined) return new IdxImageDataset(pixels);
    const labels = await openIdx(options.labels, options);
    if (labels.data instanceof Float32Array || labels.shape.length !== 1) {
      throw new DataError(
        `holds [${labels.shape.join(', ')}] of ${labels.data.constructor.name}; classes are [n] of uint8 or int32`,
        { path: options.labels },
      );
    }
    if (labels.shape[0] !== images.shape[0]) {
      throw new DataError(
        `has ${labels.shape[0]} classes, ${options.images} has ${images.shape[0]} images; give two files of the same part of the data set`,
        { path: options.labels },
      );
    }
    return new IdxImageDataset(pixels, labels.data);
  }
}

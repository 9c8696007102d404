import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { openIdx, openIdxOptionNames, type OpenIdxOptions } from '../io/open-idx.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { imagesOf, labelsOf } from './image-arrays.js';

export interface IdxImageDatasetOptions extends OpenIdxOptions {
  /** Path of the images: uint8, `[n, h, w]` or `[n, h, w, c]`. */
  readonly images: string;
  /** Path of the classes: uint8 or int32, `[n]`. */
  readonly labels?: string;
}

const idxImageDatasetOptionNames: OptionNames<IdxImageDatasetOptions> = {
  ...openIdxOptionNames,
  images: 'required',
  labels: 'optional',
};

/** MNIST and its relatives: images and classes from a pair of IDX files, in memory that all workers share. */
export class IdxImageDataset extends ImageArrayDataset {
  /**
   * @throws DataError for a file that is missing, damaged or of the wrong type, and for files that do not belong together
   */
  static async open(options: IdxImageDatasetOptions): Promise<IdxImageDataset> {
    const {
      images: path,
      labels: labelsPath,
      ...reading
    } = checkOptions('IdxImageDataset.open', options, idxImageDatasetOptionNames);
    const images = imagesOf(await openIdx(path, reading), path, reading);
    if (labelsPath === undefined) return new IdxImageDataset(images);
    const labels = await openIdx(labelsPath, reading);
    return new IdxImageDataset(images, labelsOf(labels, labelsPath, images.shape[0]!, path));
  }
}

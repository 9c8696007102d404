import type { BatchLoader, ViewBatch } from '@selfsup/ssl-data';
import {
  checkCount,
  checkOptions,
  DataError,
  foldIn,
  InvalidOptionError,
  type OptionNames,
  type RandomKey,
  RandomStream,
} from '@selfsup/ssl-core';
import { padRows, type TokenDataset } from '@selfsup/ssl-text-mlm';
import type { ImageTextBatch } from './image-text-batch.js';

/** Options of {@link ImageTextLoader}. */
export interface ImageTextLoaderOptions {
  /** Pictures, one view each: `new DataLoader({ dataset, views, batchSize })`. */
  readonly images: BatchLoader<ViewBatch>;
  /** Texts in the order of the pictures' data set: the first `textsPerImage` belong to picture 0, and so on. */
  readonly texts: TokenDataset;
  /** Id that fills a text up. */
  readonly padId: number;
  /** Default 1. Of several one is drawn for each picture and epoch. */
  readonly textsPerImage?: number;
  /** Source of that choice; needed where there are several. */
  readonly key?: RandomKey;
}

const imageTextLoaderOptionNames: OptionNames<ImageTextLoaderOptions> = {
  images: 'required',
  texts: 'required',
  padId: 'requiredNumber',
  textsPerImage: 'optionalNumber',
  key: 'optionalKey',
};

/** A batch with the numbers of its pictures in their data set. */
export interface IndexedImageTextBatch extends ImageTextBatch {
  /** `[batch]`. */
  readonly index: ViewBatch['index'];
}

/**
 * Batches of pictures with a text each, all texts padded to the longest, so that there is one shape. Order and texts depend
 * on (keys, epoch, position) alone. The loader of the pictures is closed with it.
 */
export class ImageTextLoader implements BatchLoader<IndexedImageTextBatch> {
  readonly #options: ImageTextLoaderOptions & { readonly textsPerImage: number };
  readonly #length: number;

  /**
   * @throws InvalidOptionError for options out of range; DataError where the texts are no multiple of `textsPerImage` or
   *   one has no token
   */
  constructor(options: ImageTextLoaderOptions) {
    const where = 'ImageTextLoader';
    const { images, texts, padId, textsPerImage = 1, key } = checkOptions(where, options, imageTextLoaderOptionNames);
    checkCount(where, { textsPerImage });
    if (!(Number.isInteger(padId) && padId >= 0))
      throw new InvalidOptionError(where, 'padId', 'an id, an integer of 0 or more', padId);
    if (typeof images.epoch !== 'function')
      throw new InvalidOptionError(where, 'images', 'a DataLoader of pictures with one view', images);
    if (textsPerImage > 1 && key === undefined)
      throw new InvalidOptionError(where, 'key', 'given where a picture has several texts', key);
    if (texts.length === 0 || texts.length % textsPerImage !== 0)
      throw new DataError(`${where}: ${texts.length} texts are not ${textsPerImage} for each picture`);
    const lengths = texts.lengths();
    const empty = lengths.indexOf(0);
    if (empty >= 0)
      throw new DataError(`${where}: text ${empty} has no token; encode with special tokens, or leave it out`);
    this.#options = { ...options, textsPerImage };
    this.#length = lengths.reduce((a, b) => Math.max(a, b));
  }

  get batchesPerEpoch(): number {
    return this.#options.images.batchesPerEpoch;
  }

  async *epoch(epoch: number, fromBatch = 0): AsyncGenerator<IndexedImageTextBatch> {
    const { images, texts, padId, textsPerImage } = this.#options;
    for await (const { views, index } of images.epoch(epoch, fromBatch)) {
      if (views.length !== 1)
        throw new InvalidOptionError('ImageTextLoader', 'images', 'a loader of one view', `${views.length} views`);
      const rows = Array.from(index.data, (picture) => {
        const row = picture * textsPerImage + this.#choice(picture, epoch);
        if (row < texts.length) return row;
        throw new DataError(
          `ImageTextLoader: picture ${picture} has no text: there are ${texts.length}, ${textsPerImage} for each picture`,
        );
      });
      yield { images: views[0]!, ...padRows(texts, rows, rows.length, this.#length, padId), index };
    }
  }

  close(): Promise<void> {
    return this.#options.images.close();
  }

  #choice(picture: number, epoch: number): number {
    const { textsPerImage, key } = this.#options;
    return textsPerImage === 1 ? 0 : new RandomStream(foldIn(foldIn(key!, epoch), picture)).integer(textsPerImage);
  }
}

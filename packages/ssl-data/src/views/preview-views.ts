import { checkCount, checkOptions, foldIn, type OptionNames, randomKey, RandomStream } from '@selfsup/ssl-core';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { type Image, imageSize } from '../image/image.js';
import { type SheetPicture, writePictureSheet } from '../image/picture-sheet.js';
import type { Views } from './multi-views.js';
import { resolveViews } from './view-from-spec.js';

export interface PreviewViewsOptions {
  /** PNG file to write. */
  readonly path: string;
  /** Samples (rows), evenly spread over the data set. Default 8. */
  readonly count?: number;
  /** Draws of every view. Default 2. */
  readonly draws?: number;
  /** Side of a picture on the sheet, pixels. Default 112. */
  readonly cell?: number;
  /** Default 0. */
  readonly seed?: number;
}

const previewViewsOptionNames: OptionNames<PreviewViewsOptions> = {
  path: 'required',
  count: 'optionalNumber',
  draws: 'optionalNumber',
  cell: 'optionalNumber',
  seed: 'optionalNumber',
};

/**
 * Draws a contact sheet: one row per sample, first the image itself, then its views. The largest view of a row fills its
 * cell, smaller ones (local crops) are drawn in proportion.
 *
 * @returns height and width of the sheet, pixels
 * @throws DataError when a sample cannot be read or the file not written, InvalidOptionError
 */
export async function previewViews(
  dataset: Dataset<ImageSample>,
  views: Views,
  options: PreviewViewsOptions,
): Promise<{ readonly height: number; readonly width: number }> {
  checkOptions('previewViews', options, previewViewsOptionNames);
  const { path, count = 8, draws = 2, cell = 112, seed = 0 } = options;
  checkCount('previewViews', { count, draws, cell });
  const resolved = await resolveViews(views);
  const rows = Math.min(count, dataset.length);
  const key = randomKey(seed);
  const pictures: SheetPicture[] = [];
  for (let row = 0; row < rows; row++) {
    const index = Math.floor((row * dataset.length) / rows);
    const { image } = await dataset.get(index);
    const drawn = [image];
    for (let draw = 0; draw < draws; draw++) {
      resolved.forEach((view, v) =>
        drawn.push(view(image, new RandomStream(foldIn(foldIn(foldIn(key, index), draw), v)))),
      );
    }
    const largest = Math.max(...drawn.slice(1).map(longSide));
    drawn.forEach((picture, column) =>
      pictures.push({ image: picture, row, column, scale: cell / (column === 0 ? longSide(picture) : largest) }),
    );
  }
  return writePictureSheet(path, { rows, columns: 1 + draws * resolved.length, cell }, pictures);
}

function longSide(image: Image): number {
  const [height, width] = imageSize(image, 'previewViews');
  return Math.max(height, width);
}

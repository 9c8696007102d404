import { ndArray } from '@selfsup/ssl-core';
import type { ImageSample } from '../dataset/dataset.js';
import type { VolumeSample } from '../dataset/volume-folder-dataset.js';
import { type Image, imageSize } from '../image/image.js';
import { type SheetPicture, writePictureSheet } from '../image/picture-sheet.js';
import type { OpenedSource } from '../source/source-recogniser.js';
import { checkSamples, evenlySpread } from './check-samples.js';

const count = 64;
const columns = 8;
const cell = 112;

/**
 * Draws samples that are evenly spread over the source, row by row; of volumes the slice in the middle. The cell of one
 * that cannot be read is red.
 *
 * @returns height and width of the sheet, pixels
 * @throws DataError when the file cannot be written
 */
export async function contactSheet(
  { dataset }: OpenedSource,
  path: string,
): Promise<{ readonly height: number; readonly width: number }> {
  const indices = evenlySpread(dataset.length, count);
  const images = new Map<number, Image>();
  await checkSamples<ImageSample | VolumeSample>(dataset, indices, (sample, index) =>
    images.set(index, cellSized('image' in sample ? sample.image : middleSlice(sample))),
  );
  const pictures = indices.map((index, position): SheetPicture => {
    const image = images.get(index) ?? unreadable;
    const [height, width] = imageSize(image, 'contactSheet');
    return {
      image,
      row: Math.floor(position / columns),
      column: position % columns,
      scale: cell / Math.max(height, width),
    };
  });
  const grid = { rows: Math.ceil(pictures.length / columns), columns: Math.min(columns, pictures.length), cell };
  return writePictureSheet(path, grid, pictures);
}

/** A picture that is no larger than its cell, so that large ones are not held all at once. */
function cellSized(image: Image): Image {
  const [height, width, channels] = imageSize(image, 'contactSheet');
  const scale = cell / Math.max(height, width);
  if (scale >= 1) return image;
  const shape = [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale)), channels] as const;
  const data = new Uint8Array(shape[0] * shape[1] * channels);
  for (let at = 0; at < data.length; at++) {
    const row = Math.floor(((Math.floor(at / (shape[1] * channels)) + 0.5) * height) / shape[0]);
    const column = Math.floor((((Math.floor(at / channels) % shape[1]) + 0.5) * width) / shape[1]);
    data[at] = image.data[(row * width + column) * channels + (at % channels)]!;
  }
  return ndArray(data, shape);
}

const unreadable = ndArray(Uint8Array.of(204, 0, 0), [1, 1, 3]);

/** First channel, its range of values stretched to 0..255; what is no number is black. */
function middleSlice({ volume: { data, shape } }: VolumeSample): Image {
  const [depth = 1, height = 1, width = 1, channels = 1] = shape;
  const first = Math.floor(depth / 2) * height * width * channels;
  const values = Float32Array.from({ length: height * width }, (_, pixel) => data[first + pixel * channels]!);
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const scale = high > low ? 255 / (high - low) : 0;
  return ndArray(
    Uint8Array.from(values, (value) => (Number.isFinite(value) ? Math.round((value - low) * scale) : 0)),
    [height, width, 1],
  );
}

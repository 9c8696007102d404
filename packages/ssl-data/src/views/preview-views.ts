import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DataError, foldIn, InvalidOptionError, randomKey, RandomStream } from 'ssl-tensor/host';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { type Image, imageSize } from '../image/image.js';
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

const gap = 4;

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
  const { path, count = 8, draws = 2, cell = 112, seed = 0 } = options;
  for (const [option, value] of Object.entries({ count, draws, cell })) {
    if (!Number.isInteger(value) || value < 1)
      throw new InvalidOptionError('previewViews', option, 'a positive integer', value);
  }
  const resolved = await resolveViews(views);
  const rows = Math.min(count, dataset.length);
  const key = randomKey(seed);
  const tiles: { input: Buffer; top: number; left: number }[] = [];
  for (let row = 0; row < rows; row++) {
    const index = Math.floor((row * dataset.length) / rows);
    const { image } = await dataset.get(index);
    const pictures = [image];
    for (let draw = 0; draw < draws; draw++) {
      resolved.forEach((view, v) =>
        pictures.push(view(image, new RandomStream(foldIn(foldIn(foldIn(key, index), draw), v)))),
      );
    }
    const largest = Math.max(...pictures.slice(1).map(longSide));
    for (const [column, picture] of pictures.entries()) {
      const { png, height, width } = await tile(picture, cell / (column === 0 ? longSide(picture) : largest));
      tiles.push({
        input: png,
        top: gap + row * (cell + gap) + Math.floor((cell - height) / 2),
        left: gap + column * (cell + gap) + Math.floor((cell - width) / 2),
      });
    }
  }
  const width = gap + (1 + draws * resolved.length) * (cell + gap);
  const height = gap + rows * (cell + gap);
  const { default: sharp } = await import('sharp');
  const png = await sharp({ create: { width, height, channels: 3, background: '#888' } })
    .composite(tiles)
    .png()
    .toBuffer();
  await writeWhole(path, png);
  return { height, width };
}

function longSide(image: Image): number {
  const [height, width] = imageSize(image, 'previewViews');
  return Math.max(height, width);
}

async function tile(
  image: Image,
  scale: number,
): Promise<{ readonly png: Buffer; readonly height: number; readonly width: number }> {
  const [height, width, channels] = imageSize(image, 'previewViews');
  if (channels < 1 || channels > 4)
    throw new InvalidOptionError('previewViews', 'views', 'images of 1 to 4 channels', channels);
  const { default: sharp } = await import('sharp');
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  const drawn = { height: Math.max(1, Math.round(height * scale)), width: Math.max(1, Math.round(width * scale)) };
  const png = await sharp(Buffer.from(image.data), { raw })
    .toColourspace('srgb')
    .resize({ ...drawn, fit: 'fill', kernel: 'nearest' })
    .png()
    .toBuffer();
  return { png, ...drawn };
}

/** Writes beside the target and renames, so that no reader sees half a file. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new DataError(`cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
      path,
      cause,
    });
  }
}

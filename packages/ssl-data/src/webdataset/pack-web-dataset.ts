import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { DataError, InvalidOptionError } from 'ssl-tensor/host';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { ImageFilesDataset } from '../dataset/image-files-dataset.js';
import type { Image } from '../image/image.js';
import { fileError } from './file-pool.js';
import { WebDataset } from './web-dataset.js';
import {
  type WebDatasetWriterOptions,
  WebDatasetWriter,
  type WritableSample,
  type WrittenShards,
} from './web-dataset-writer.js';

/** How far a packing is. */
export interface PackProgress {
  readonly samples: number;
  /** Samples in all, where known. */
  readonly total: number | undefined;
  readonly bytes: number;
  /** Finished shards. */
  readonly shards: number;
}

export interface PackOptions extends WebDatasetWriterOptions {
  /** How images are stored that are not files already. Default PNG, which loses nothing. */
  readonly encode?: { readonly format: 'png' | 'jpeg' | 'webp'; readonly quality?: number };
  /** Called after every sample. */
  readonly onProgress?: (progress: PackProgress) => void;
}

export const packedExtensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/**
 * Packs a data set, or samples as they come, into tar shards.
 *
 * Image files and WebDataset members are copied byte for byte; other data sets' images are encoded. Classes become
 * `cls` members. Keys of a data set are its sample numbers, so that the order stays.
 *
 * @param source an image data set, or samples with keys and members
 * @param folder of the shards, made where it is not there
 * @returns paths, samples and bytes; nothing of an unfinished shard is left when it throws
 * @throws InvalidOptionError; DataError when a sample cannot be read or the disk refuses
 */
export async function packWebDataset(
  source: Dataset<ImageSample> | Iterable<WritableSample> | AsyncIterable<WritableSample>,
  folder: string,
  options: PackOptions = {},
): Promise<WrittenShards> {
  const { encode = { format: 'png' }, onProgress, ...writing } = options;
  if (!Object.hasOwn(packedExtensions, encode.format))
    throw new InvalidOptionError(
      'packWebDataset',
      'encode.format',
      Object.keys(packedExtensions).join(', '),
      encode.format,
    );
  const { quality = 90 } = encode;
  if (!Number.isInteger(quality) || quality < 1 || quality > 100)
    throw new InvalidOptionError('packWebDataset', 'encode.quality', 'an integer in [1, 100]', quality);
  const writer = await WebDatasetWriter.create(folder, writing);
  const total = 'get' in source ? source.length : undefined;
  try {
    for await (const sample of 'get' in source ? samplesOf(source, encode.format, quality) : source) {
      await writer.write(sample);
      const { samples, bytes, shards } = writer.written;
      onProgress?.({ samples, total, bytes, shards: shards.length });
    }
    return await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

type Format = keyof typeof packedExtensions;

async function* samplesOf(
  dataset: Dataset<ImageSample>,
  format: Format,
  quality: number,
): AsyncGenerator<WritableSample> {
  const width = Math.max(6, String(dataset.length - 1).length);
  for (let index = 0; index < dataset.length; index++)
    yield { key: String(index).padStart(width, '0'), members: await membersOf(dataset, index, format, quality) };
}

async function membersOf(
  dataset: Dataset<ImageSample>,
  index: number,
  format: Format,
  quality: number,
): Promise<ReadonlyMap<string, Uint8Array | string>> {
  if (dataset instanceof WebDataset) return (await dataset.getRaw(index)).members;
  const members = new Map<string, Uint8Array | string>();
  let label: number | undefined;
  if (dataset instanceof ImageFilesDataset) {
    const path = await dataset.checkedPath(index);
    const bytes = await readFile(path).catch((cause: unknown) => Promise.reject(fileError(path, cause)));
    members.set(extname(path).slice(1).toLowerCase(), bytes);
    label = dataset.labels?.[index];
  } else {
    const sample = await dataset.get(index);
    members.set(packedExtensions[format], await encodeImage(sample.image, format, quality));
    label = sample.label;
  }
  if (label !== undefined) members.set('cls', String(label));
  return members;
}

/** An image as the bytes of a file; throws {@link DataError} for channels that files of images do not have. */
export async function encodeImage({ data, shape }: Image, format: Format, quality: number): Promise<Uint8Array> {
  const [height = 0, width = 0, channels = 0] = shape;
  if (channels !== 1 && channels !== 3)
    throw new DataError(`an image has ${channels} channels; images with 1 or 3 can be packed`);
  const { default: sharp } = await import('sharp');
  const pipeline = sharp(data, { raw: { width, height, channels } }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  return pipeline.toFormat(format, format === 'png' ? {} : { quality }).toBuffer();
}

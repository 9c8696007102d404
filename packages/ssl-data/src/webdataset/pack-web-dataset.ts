import { extname } from 'node:path';
import { checkInteger, checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { packableSamples } from '../dataset/packable-samples.js';
import type { Image } from '../image/image.js';
import { imageFormat } from '../image/image-format.js';
import { WebDataset } from './web-dataset.js';
import {
  WebDatasetWriter,
  webDatasetWriterOptionNames,
  type WebDatasetWriterOptions,
  type WritableSample,
  type WrittenShards,
} from './web-dataset-writer.js';
import { loadSharp } from '../image/native-packages.js';
import { checkDataset } from '../dataset/check-dataset.js';

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

const packOptionNames: OptionNames<PackOptions> = {
  ...webDatasetWriterOptionNames,
  encode: 'optional',
  onProgress: 'optionalFunction',
};

export const packedExtensions = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const;

/** Names of the options of encoding. */
export const encodeNames: OptionNames<NonNullable<PackOptions['encode']>> = {
  format: 'required',
  quality: 'optionalNumber',
};

/**
 * Packs a data set, or samples as they come, into tar shards.
 *
 * Image files, WebDataset members, LMDB values and Parquet's images are copied byte for byte, also out of subsets; other
 * data sets' images are encoded. Classes become `cls` members, and their names, where the data set has `classes`, a record
 * of each shard, so that opening the shards gives both back. Members of a WebDataset are copied as they are but for `cls`,
 * which gets the numbers of its `classes`; where the classes come from another member and there is a `cls` besides, no
 * names are kept. Keys of a data set are its sample numbers, so that the order stays.
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
  checkOptions('packWebDataset', options, packOptionNames);
  const isSamples =
    typeof source === 'object' && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source);
  if (!isSamples) checkDataset('packWebDataset', 'source', source);
  const { encode: given = { format: 'png' }, onProgress, ...writing } = options;
  const encode = checkOptions('packWebDataset', given, encodeNames, 'encode');
  if (!Object.hasOwn(packedExtensions, encode.format))
    throw new InvalidOptionError(
      'packWebDataset',
      'encode.format',
      Object.keys(packedExtensions).join(', '),
      encode.format,
    );
  const { quality = 90 } = encode;
  checkInteger('packWebDataset', 'encode.quality', quality, 1, 100);
  const { classes = 'get' in source ? namesOf(source) : undefined } = options;
  const writer = await WebDatasetWriter.create(folder, { ...writing, ...(classes === undefined ? {} : { classes }) });
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

/** Names of the classes of a data set that its `cls` members will number. */
function namesOf(dataset: Dataset<ImageSample>): readonly string[] | undefined {
  const { classes = [] } = dataset;
  return classes.length === 0 || (dataset instanceof WebDataset && !dataset.clsHoldsClasses) ? undefined : classes;
}

type Format = keyof typeof packedExtensions;

async function* samplesOf(
  dataset: Dataset<ImageSample>,
  format: Format,
  quality: number,
): AsyncGenerator<WritableSample> {
  const width = Math.max(6, String(dataset.length - 1).length);
  const key = (index: number): string => String(index).padStart(width, '0');
  if (dataset instanceof WebDataset) {
    // Without them the numbers are in the members already.
    const labels = dataset.classes.length > 0 && dataset.clsHoldsClasses ? dataset.labels : undefined;
    for (let index = 0; index < dataset.length; index++) {
      const members = new Map<string, Uint8Array | string>((await dataset.getRaw(index)).members);
      if (labels !== undefined) members.set('cls', String(labels[index]));
      yield { key: key(index), members };
    }
    return;
  }
  const samples = await packableSamples(dataset, ({ image }) => encodeImage(image, format, quality));
  for (let index = 0; index < samples.length; index++) {
    const { bytes, label } = await samples.get(index);
    const members = new Map<string, Uint8Array | string>([[extensionOf(bytes, samples.path?.(index)), bytes]]);
    if (label !== undefined) members.set('cls', String(label));
    yield { key: key(index), members };
  }
}

/** The file's own extension, or that of the format which the bytes are in. */
function extensionOf(bytes: Uint8Array, path = ''): string {
  const own = extname(path).slice(1).toLowerCase();
  const format = imageFormat(bytes);
  // What is no image is packed as it is: reading it will tell.
  return own || (format === 'jpeg' ? 'jpg' : (format ?? 'bin'));
}

/** An image as the bytes of a file; throws {@link DataError} for channels that files of images do not have. */
export async function encodeImage({ data, shape }: Image, format: Format, quality: number): Promise<Uint8Array> {
  const [height = 0, width = 0, channels = 0] = shape;
  if (channels !== 1 && channels !== 3)
    throw new DataError(`an image has ${channels} channels; images with 1 or 3 can be packed`);
  const sharp = await loadSharp();
  const pipeline = sharp(data, { raw: { width, height, channels } }).toColourspace(channels === 1 ? 'b-w' : 'srgb');
  return pipeline.toFormat(format, format === 'png' ? {} : { quality }).toBuffer();
}

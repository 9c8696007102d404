import { lstat, mkdir, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  checkInteger,
  checkOptions,
  DataError,
  InvalidOptionError,
  type OptionNames,
  SslError,
} from '@selfsup/ssl-core';
import { clearLeftovers, describeFileError, FolderLock } from '@selfsup/ssl-core/files';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import {
  encodeImage,
  encodeNames,
  packedExtensions,
  type PackOptions,
  type PackProgress,
} from '../webdataset/pack-web-dataset.js';
import { LmdbWriter } from './lmdb-writer.js';
import { checksumKey, metadataChecksum } from './metadata-checksum.js';
import { type PackableSamples, packableSamples } from '../dataset/packable-samples.js';
import { isOwnDatabase } from './own-database.js';
import { checkDataset } from '../dataset/check-dataset.js';

export interface PackLmdbOptions {
  /**
   * `paths`: keys are the files' paths within their folder, such as `cat/001.jpg`; `numbers`: `000000` and so on.
   * Default: `paths` for image files and subsets of them, `numbers` for others.
   */
  readonly keys?: 'paths' | 'numbers';
  /** A folder with `data.mdb`; otherwise a single file (`subdir=False` in Python). Default true. */
  readonly subdir?: boolean;
  /** How images are stored that are not files already. Default PNG, which loses nothing. */
  readonly encode?: NonNullable<PackOptions['encode']>;
  /** Replace a database that is there and that this function wrote; anything else is refused. Default false. */
  readonly overwrite?: boolean;
  /** Called after every sample. */
  readonly onProgress?: (progress: Omit<PackProgress, 'shards'>) => void;
}

const packLmdbOptionNames: OptionNames<PackLmdbOptions> = {
  keys: 'optional',
  subdir: 'optionalFlag',
  encode: 'optional',
  overwrite: 'optionalFlag',
  onProgress: 'optionalFunction',
};

/** What was written. */
export interface WrittenLmdb {
  /** The data file. */
  readonly path: string;
  readonly samples: number;
  /** Bytes of the file. */
  readonly bytes: number;
}

const where = 'packLmdb';

/**
 * Packs an image data set into an LMDB 0.9 database, which Python's `lmdb` reads: key -> bytes of an image file.
 *
 * Image files, WebDataset members, LMDB values and Parquet's images are copied byte for byte, also out of subsets; other data sets' images
 * are encoded. Classes go to `__labels__` and `__classes__`, the number of samples to `__len__`, a checksum
 * of these and of the keys to `__checksum__`, all as JSON. The
 * samples keep their order. The database appears whole or not at all.
 *
 * ```ts
 * await packLmdb(await ImageFolderDataset.open('photos'), 'photos.lmdb');
 * ```
 *
 * @param path folder or file to write, see `subdir`
 * @throws InvalidOptionError; DataError when a sample cannot be read, a database is there already or the disk refuses
 */
export async function packLmdb(
  dataset: Dataset<ImageSample>,
  path: string,
  options: PackLmdbOptions = {},
): Promise<WrittenLmdb> {
  checkDataset('packLmdb', 'dataset', dataset);
  checkOptions('packLmdb', options, packLmdbOptionNames);
  const { encode = { format: 'png' }, subdir = true, overwrite = false, onProgress } = options;
  const { format, quality = 90 } = checkOptions(where, encode, encodeNames, 'encode');
  if (!Object.hasOwn(packedExtensions, format))
    throw new InvalidOptionError(where, 'encode.format', Object.keys(packedExtensions).join(', '), format);
  checkInteger(where, 'encode.quality', quality, 1, 100);
  const samples = await packableSamples(dataset, ({ image }) => encodeImage(image, format, quality));
  const { keys = samples.path === undefined ? 'numbers' : 'paths' } = options;
  if (keys !== 'numbers' && (keys !== 'paths' || samples.path === undefined))
    throw new InvalidOptionError(where, 'keys', "'numbers', or 'paths' for image files", keys);
  const { classes } = dataset;
  const file = subdir ? join(path, 'data.mdb') : path;
  await checkReplaceable(file, overwrite);
  let madeFolder: string | undefined;
  let writer: LmdbWriter | undefined;
  let lock: FolderLock | undefined;
  try {
    madeFolder = await mkdir(dirname(file), { recursive: true });
    lock = await FolderLock.acquire(dirname(file), { purpose: where, name: `.${basename(file)}.ssl-lock` });
    await clearLeftovers(dirname(file));
    await checkReplaceable(file, overwrite);
    writer = await LmdbWriter.create(file);
    await writeSamples(writer, samples, keys, classes, onProgress);
    // Packing takes long, and somebody may have put a file there meanwhile.
    await writer.finish(() => checkReplaceable(file, overwrite));
    return { path: file, samples: samples.length, bytes: writer.bytes };
  } catch (cause) {
    await writer?.abort();
    await lock?.release();
    if (subdir && madeFolder !== undefined) await rmdir(path).catch(() => {});
    if (SslError.isInstance(cause)) throw cause;
    throw new DataError(`cannot be written: ${describeFileError(cause)}`, { path: file, cause });
  } finally {
    await lock?.release();
  }
}

/** A file that is no database was named by mistake, and another program's database is somebody's work. */
async function checkReplaceable(file: string, overwrite: boolean): Promise<void> {
  const found = await lstat(file).catch(() => undefined);
  if (found === undefined) return;
  if (!overwrite)
    throw new DataError('is there already; choose another path, or pass overwrite: true (--overwrite)', { path: file });
  if (!found.isFile() || !(await isOwnDatabase(file)))
    throw new DataError(
      'is no database that ssl-data wrote, or was changed since, and is not replaced; move it away, or choose another path',
      { path: file },
    );
}

async function writeSamples(
  writer: LmdbWriter,
  samples: PackableSamples,
  keys: 'paths' | 'numbers',
  classes: readonly string[] | undefined,
  onProgress: PackLmdbOptions['onProgress'],
): Promise<void> {
  const { length, path } = samples;
  const width = Math.max(6, String(length - 1).length);
  const number = (index: number): string => String(index).padStart(width, '0');
  const names = Array.from({ length }, (_, index) => Buffer.from(keys === 'paths' ? path!(index) : number(index)));
  const order = names.map((_, index) => index).sort((a, b) => Buffer.compare(names[a]!, names[b]!));
  const labels: number[] = keys === 'paths' ? Array.from(samples.labels ?? []) : [];
  // In the order of their keys. With numbers as keys all samples, and so all labels, come first.
  const metadata: readonly (readonly [key: string, value: () => unknown])[] = [
    [
      checksumKey,
      () =>
        metadataChecksum(
          order.map((index) => names[index]!),
          stored(),
        ),
    ],
    ['__classes__', () => (labels.length > 0 && classes?.length ? classes : undefined)],
    ['__keys__', () => (order.some((index, at) => index !== at) ? names.map(String) : undefined)],
    ['__labels__', () => (labels.length > 0 ? labels : undefined)],
    ['__len__', () => length],
  ];
  function* stored(): Generator<readonly [string, Uint8Array]> {
    for (const [key, value] of metadata.slice(1)) {
      const json = JSON.stringify(value());
      if (json !== undefined) yield [key, Buffer.from(json)];
    }
  }
  let next = 0;
  const addMetadata = async (before?: Uint8Array): Promise<void> => {
    for (; next < metadata.length; next++) {
      const [name, value] = metadata[next]!;
      const key = Buffer.from(name);
      if (before !== undefined && Buffer.compare(key, before) > 0) return;
      const json = JSON.stringify(value());
      if (json !== undefined) await writer.add(key, Buffer.from(json));
    }
  };
  for (const [done, index] of order.entries()) {
    const { bytes, label } = await samples.get(index);
    if (label !== undefined && label < 0)
      throw new DataError(
        `sample ${index} has the label ${label}, which is no class; pack those that have one: subset(dataset, labelledRows(labels))`,
      );
    if (keys === 'numbers' && label !== undefined) labels.push(label);
    if (keys === 'numbers' && labels.length !== (label === undefined ? 0 : done + 1))
      throw new DataError(
        `sample ${index} ${label === undefined ? 'has no class, but others have' : 'has a class, but others have none'}`,
      );
    await addMetadata(names[index]);
    await writer.add(names[index]!, bytes);
    onProgress?.({ samples: done + 1, total: length, bytes: writer.bytes });
  }
  await addMetadata();
}

import { checkPath } from '@selfsup/ssl-core/files';
import { checkCount, checkOptions, DataError, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { checkIndex } from '../dataset/check-index.js';
import { classOptionNames, type ClassOptions, readClassList } from '../dataset/class-list.js';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { type DatasetSource, ownSource } from '../dataset/dataset-source.js';
import type { LeftOut } from '../dataset/left-out.js';
import { stringAt } from '../dataset/string-table.js';
import { decodeImage, type ImageDecoding } from '../image/decode-image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import { refuseNoImage } from '../image/refuse-no-image.js';
import { FilePool } from '../webdataset/file-pool.js';
import { arrangeSamples } from './arrange-samples.js';
import { indexLmdb, type LmdbRecords } from './index-lmdb.js';
import { refusePickle } from './read-metadata.js';
import { readRecord } from './read-record.js';
import { imageDecodingOptionNames } from '../image/image-decoding.js';
import { checkOpened } from '../dataset/check-opened.js';

export interface LmdbOptions extends ImageDecoding, ClassOptions {
  /**
   * Only keys that begin so are samples, such as `image-`; '' takes all keys but `__len__` and the like. Default: also
   * without records such as `length` and `num-samples` that are no images, and where keys of one form hold images and
   * those of another do not, the opening fails and names the prefixes.
   */
  readonly keyPrefix?: string;
  /**
   * `folders`: the folder right above a key's file is its class, classes by name; `none`: no classes. Default:
   * `__labels__` where it is there, else `folders` when all keys have one, else `none`.
   */
  readonly labels?: 'folders' | 'none';
  /** Largest number of records. Default 33,554,432. */
  readonly maxEntries?: number;
  /** Largest number of bytes of one value. Default 256 MiB. */
  readonly maxSampleBytes?: number;
}

const lmdbOptionNames: OptionNames<LmdbOptions> = {
  ...imageDecodingOptionNames,
  ...classOptionNames,
  keyPrefix: 'optional',
  labels: 'optional',
  maxEntries: 'optionalNumber',
  maxSampleBytes: 'optionalNumber',
};

/** All that a thread needs to read the samples; plain data, the large parts in shared memory. */
export interface LmdbSource {
  readonly records: LmdbRecords;
  readonly labels: Int32Array | undefined;
  readonly decoding: ImageDecoding;
  readonly maxSampleBytes: number;
}

/**
 * Images in an LMDB database: one record per image, its key a path or a number, its value the image file's bytes.
 *
 * Optional records in JSON describe the others: `__len__` (their number), `__keys__` (their order; otherwise keys that
 * are all numbers are ordered as such, others by their bytes), `__labels__` (classes, in that order), `__classes__`
 * (their names), `__checksum__` (of these and the keys, as `packLmdb` writes it). Pickled and pyarrow records are refused.
 *
 * The database is indexed once, from the pages of its tree; a sample is then one read at a known place, in any thread.
 * Nothing is mapped into memory and no lock is taken: do not write to a database while it is read.
 *
 * ```ts
 * const dataset = await LmdbDataset.open('train.lmdb');
 * const loader = new DataLoader({ dataset, views: simclrViews(), batchSize: 256 });
 * ```
 *
 * Source: LMDB 0.9's file format (data version 1), as Python's `lmdb` writes it; timm's image folder reader for classes.
 * The classes' order is that of `ImageFolderDataset`, where timm puts `2` before `10`.
 */
export class LmdbDataset implements Dataset<ImageSample> {
  readonly length: number;
  /** Names of the classes, in the order of their numbers; empty without names. */
  readonly classes: readonly string[];
  /** Records that are none of the samples. */
  readonly leftOut: readonly LeftOut[];
  readonly #source: LmdbSource;
  readonly #files = new FilePool();

  constructor(source: LmdbSource, classes: readonly string[] = [], leftOut: readonly LeftOut[] = []) {
    checkOpened('LmdbDataset', (source as Partial<LmdbSource> | undefined)?.records !== undefined, source);
    this.#source = source;
    this.classes = classes;
    this.leftOut = leftOut;
    this.length = source.records.sizes.length;
  }

  /**
   * @param path a folder with `data.mdb`, or a single file (`subdir=False` in Python)
   * @throws InvalidOptionError; DataError for a database that is missing, damaged, empty, pickled or of another
   *   version, whose keys hold images in part, or whose classes do not fit `classes`
   */
  static async open(path: string, options: LmdbOptions = {}): Promise<LmdbDataset> {
    checkOptions('LmdbDataset.open', options, lmdbOptionNames);
    checkPath('LmdbDataset.open', 'path', path);
    const { keyPrefix, labels, classes, allowEmpty = false, ...more } = options;
    const { maxEntries = 2 ** 25, maxSampleBytes = 2 ** 28, ...decoding } = more;
    const given = await readClassList('LmdbDataset.open', classes);
    checkCount('LmdbDataset.open', { maxEntries, maxSampleBytes });
    if (labels !== undefined && labels !== 'folders' && labels !== 'none')
      throw new InvalidOptionError('LmdbDataset.open', 'labels', "'folders' or 'none'", labels);
    const files = new FilePool();
    try {
      const all = await indexLmdb(path, files, maxEntries);
      const arranged = await arrangeSamples(all, (index, name) => readRecord(all, index, name, files, maxSampleBytes), {
        keyPrefix,
        labels,
        given,
        allowEmpty,
      });
      const source = { records: arranged.records, labels: arranged.labels, decoding, maxSampleBytes };
      const dataset = new LmdbDataset(source, arranged.classes, arranged.leftOut);
      // Told now rather than by the first batch; a value that cannot be read is left to the loader's policy.
      const first = await dataset.getRaw(0).catch(() => undefined);
      if (first !== undefined) refusePickle(first.bytes, first.key, all.path);
      await dataset.close();
      return dataset;
    } finally {
      await files.close();
    }
  }

  get source(): DatasetSource {
    return ownSource('lmdb', this.#source);
  }

  /** Class of each sample, `[length]`, where known. */
  get labels(): Int32Array | undefined {
    return this.#source.labels;
  }

  /** Key of a sample. */
  key(index: number): string {
    checkIndex('LmdbDataset.key', index, this.length);
    return stringAt(this.#source.records.keys, index);
  }

  /** @throws DataError when the value cannot be read or is no image */
  async get(index: number, memory?: PixelMemory): Promise<ImageSample> {
    const { key, bytes } = await this.getRaw(index);
    const { records, labels, decoding } = this.#source;
    refuseNoImage(bytes, `'${key}'`, 'repair or remove the record, or say by keyPrefix which keys are samples', {
      path: records.path,
      offset: records.offsets[index]!,
    });
    try {
      const image = await decodeImage(bytes, decoding, memory);
      return labels === undefined ? { image } : { image, label: labels[index]! };
    } catch (cause) {
      if (!DataError.isInstance(cause)) throw cause;
      const reason = cause.message.replace(`${cause.path}: `, '');
      throw new DataError(`'${key}' ${reason}`, { path: records.path, offset: records.offsets[index]!, cause });
    }
  }

  /**
   * A sample's key and value as they are stored.
   *
   * @throws DataError when it cannot be read
   */
  async getRaw(index: number): Promise<{ readonly key: string; readonly bytes: Uint8Array }> {
    const key = this.key(index);
    const { records, maxSampleBytes } = this.#source;
    return { key, bytes: await readRecord(records, index, key, this.#files, maxSampleBytes) };
  }

  /** Closes the file; it opens again when asked for. */
  async close(): Promise<void> {
    await this.#files.close();
  }
}

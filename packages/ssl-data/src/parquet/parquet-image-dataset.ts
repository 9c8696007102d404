import { checkCount, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-core';
import { checkIndex } from '../dataset/check-index.js';
import { classOptionNames, type ClassOptions, readClassList } from '../dataset/class-list.js';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { type DatasetSource, ownSource } from '../dataset/dataset-source.js';
import type { LeftOut } from '../dataset/left-out.js';
import { decodeImage, type ImageDecoding } from '../image/decode-image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import { refuseNoImage } from '../image/refuse-no-image.js';
import { FilePool } from '../webdataset/file-pool.js';
import { fileStatus } from '../webdataset/file-status.js';
import { parquetFiles } from './parquet-files.js';
import { readFooter } from './parquet-footer.js';
import { labelIn, namedLabels, readLabels, withNamesOf } from './parquet-labels.js';
import { chooseColumns, type ParquetColumns, planRowGroups, type RowGroupPlan } from './plan-row-groups.js';
import { RowGroupReader } from './row-group-reader.js';
import { imageDecodingOptionNames } from '../image/image-decoding.js';
import type { ParquetSource } from './parquet-source.js';
import { checkOpened } from '../dataset/check-opened.js';

export interface ParquetImageOptions extends ImageDecoding, ClassOptions {
  /** Column with the images. Default: `image`, `img`, or the only one that holds bytes. */
  readonly image?: string;
  /**
   * Column with the classes, or `none`. Integers stand for themselves; texts are numbered by `classes`, or in the order
   * of the sorted texts, for which opening reads them all. Default: `label`, or the only one with named classes.
   */
  readonly label?: string;
  /** Read all classes while opening, so that `labels` is there. Default false. */
  readonly loadLabels?: boolean;
  /** Bytes of decompressed row groups that each thread keeps. Default 256 MiB. */
  readonly cacheBytes?: number;
  /** Largest column of a row group after decompression. Default 512 MiB. */
  readonly maxRowGroupBytes?: number;
  /** Largest number of rows of all files. Default 33,554,432. */
  readonly maxRows?: number;
}

const parquetImageOptionNames: OptionNames<ParquetImageOptions> = {
  ...imageDecodingOptionNames,
  ...classOptionNames,
  image: 'optional',
  label: 'optional',
  loadLabels: 'optionalFlag',
  cacheBytes: 'optionalNumber',
  maxRowGroupBytes: 'optionalNumber',
  maxRows: 'optionalNumber',
};

const where = 'ParquetImageDataset.open';

/**
 * Images in Parquet files, as Hugging Face's datasets library stores them: a column `image` of `{ bytes, path }`, or of
 * plain bytes, and a column of integers `label`, whose names come from the file's `huggingface` note, or of texts.
 *
 * Opening reads the ends of the files alone, and the classes where they are texts or `classes` is given. A sample costs its row group unless the thread has it in the cache, so
 * let `shardSampler(dataset)` choose an order that goes through the row groups, unless all of them fit.
 *
 * ```ts
 * const dataset = await ParquetImageDataset.open('data');
 * const loader = new DataLoader({ dataset, views: simclrViews(), batchSize: 256, sampler: shardSampler(dataset) });
 * ```
 *
 * Source: the Parquet format, read through hyparquet (metadata) and hyparquet-compressors; plain, dictionary
 * and delta encodings, compressed by snappy, zstd, gzip, brotli, LZ4 (raw) or not at all.
 */
export class ParquetImageDataset implements Dataset<ImageSample> {
  readonly length: number;
  /** Names of the classes, in the order of their numbers; empty without names. */
  readonly classes: readonly string[];
  /** Files of a folder that are none of the data set's, by ending; hidden ones are not counted. */
  readonly leftOut: readonly LeftOut[];
  readonly #source: ParquetSource;
  readonly #reader: RowGroupReader;
  /** First row of each row group, and the end. */
  readonly #starts: Float64Array;
  #labels: Int32Array | undefined;

  constructor(source: ParquetSource, classes: readonly string[] = [], leftOut: readonly LeftOut[] = []) {
    checkOpened('ParquetImageDataset', typeof source === 'object' && source !== null && 'groups' in source, source);
    this.#source = source;
    this.leftOut = leftOut;
    this.#labels = source.labels;
    this.#reader = new RowGroupReader(source);
    this.classes = classes;
    this.#starts = new Float64Array(source.groups.length + 1);
    source.groups.forEach(({ rows }, group) => (this.#starts[group + 1] = this.#starts[group]! + rows));
    this.length = this.#starts.at(-1)!;
  }

  /**
   * @param files a file, a folder (its `.parquet` files, sorted), or a list of files
   * @throws InvalidOptionError; DataError for files that are missing, damaged, without image bytes or beyond a limit, for
   *   files that name other classes than the first, and for classes that do not fit `classes`
   */
  static async open(
    files: string | readonly string[],
    options: ParquetImageOptions = {},
  ): Promise<ParquetImageDataset> {
    checkOptions('ParquetImageDataset.open', options, parquetImageOptionNames);
    const {
      image,
      label,
      loadLabels = false,
      cacheBytes = 2 ** 28,
      maxRowGroupBytes = 2 ** 29,
      maxRows = 2 ** 25,
      classes: list,
      allowEmpty = false,
      ...decoding
    } = options;
    checkCount(where, { cacheBytes, maxRowGroupBytes, maxRows });
    const given = await readClassList(where, list);
    const { paths, leftOut } = await parquetFiles(files);
    const pool = new FilePool();
    const found: { path: string; bytes: number }[] = [];
    const groups: RowGroupPlan[] = [];
    let columns: ParquetColumns | undefined;
    let rows = 0;
    try {
      for (const path of paths) {
        const { size } = await fileStatus(path);
        const footer = await readFooter(pool.reader(path, size));
        columns = withNamesOf(columns ?? chooseColumns(footer, path, image, label), footer, path);
        const planned = planRowGroups(footer, path, found.length, columns, maxRowGroupBytes);
        rows += planned.reduce((sum, group) => sum + group.rows, 0);
        if (rows > maxRows) throw new DataError(`makes ${rows} rows in all, more than maxRows (${maxRows})`, { path });
        found.push({ path, bytes: size });
        groups.push(...planned);
      }
    } finally {
      await pool.close();
    }
    if (rows === 0) throw new DataError('holds no rows', { path: paths[0]! });
    const source = { files: found, groups, labels: undefined, decoding, cacheBytes, maxRowGroupBytes };
    const { texts, classes, label: column } = columns!;
    if (column === undefined || (!texts && given === undefined)) {
      const dataset = new ParquetImageDataset(source, classes, leftOut);
      if (loadLabels) await dataset.loadLabels();
      return dataset;
    }
    const how = { given, allowEmpty, path: paths[0]! };
    const named = await namedLabels(source, { column, texts, names: classes }, how);
    return new ParquetImageDataset({ ...source, labels: named.labels }, named.classes, leftOut);
  }

  get source(): DatasetSource {
    return ownSource('parquet', { ...this.#source, labels: this.#labels } satisfies ParquetSource);
  }

  /** Class of each sample, `[length]`, once read by {@link loadLabels}. */
  get labels(): Int32Array | undefined {
    return this.#labels;
  }

  /** Whether the samples have classes, read or not. */
  get hasLabels(): boolean {
    return this.#source.groups[0]!.labels !== undefined;
  }

  /** Rows of each row group, `[groups]`: what `shardSampler` goes by. */
  get shardLengths(): Int32Array {
    return Int32Array.from(this.#source.groups, ({ rows }) => rows);
  }

  /** @throws DataError when the row cannot be read or has no image */
  async get(index: number, memory?: PixelMemory): Promise<ImageSample> {
    const { bytes, path, row } = await this.#row(index);
    const { group } = this.#place(index);
    refuseNoImage(
      bytes,
      `sample ${index} (row ${row} of row group ${group})`,
      'repair the row, or choose by image another column',
      {
        path,
      },
    );
    try {
      const image = await decodeImage(bytes, this.#source.decoding, memory);
      if (this.#source.groups[group]!.labels === undefined) return { image };
      return {
        image,
        label: this.#labels?.[index] ?? labelIn(await this.#reader.labels(group), row, group, path),
      };
    } catch (cause) {
      if (!DataError.isInstance(cause) || cause.path === path) throw cause;
      const reason = cause.message.replace(`${cause.path}: `, '');
      throw new DataError(`sample ${index} (row ${row} of row group ${group}) ${reason}`, { path, cause });
    }
  }

  /**
   * The bytes of a sample's image file as they are stored.
   *
   * @throws DataError when the row cannot be read or has no image
   */
  async getRaw(index: number): Promise<{ readonly bytes: Uint8Array }> {
    return { bytes: (await this.#row(index)).bytes };
  }

  /**
   * Reads the column of classes, for samplers that need it.
   *
   * @returns `[length]`, also kept as {@link labels}
   * @throws DataError when there is none, or it cannot be read
   */
  async loadLabels(): Promise<Int32Array> {
    if (this.#labels !== undefined) return this.#labels;
    const { files } = this.#source;
    if (!this.hasLabels)
      throw new DataError('no column of classes was chosen; pass label: its name', { path: files[0]!.path });
    this.#labels = await readLabels(this.#reader, this.#source);
    return this.#labels;
  }

  /** Closes open files and drops the cache; all opens again when asked for. */
  async close(): Promise<void> {
    await this.#reader.close();
  }

  #place(index: number): { readonly group: number; readonly row: number } {
    checkIndex('ParquetImageDataset', index, this.length);
    let [low, high] = [0, this.#starts.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= index) low = middle;
      else high = middle;
    }
    return { group: low, row: index - this.#starts[low]! };
  }

  #path(group: number): string {
    return this.#source.files[this.#source.groups[group]!.file]!.path;
  }

  async #row(index: number): Promise<{ bytes: Uint8Array; path: string; row: number }> {
    const { group, row } = this.#place(index);
    const path = this.#path(group);
    const bytes = (await this.#reader.images(group))[row];
    if (bytes === undefined)
      throw new DataError(
        `sample ${index} (row ${row} of row group ${group}) has no image bytes, perhaps a path only; write the bytes into the file, with Hugging Face datasets by embed_external_files=True`,
        { path },
      );
    return { bytes, path, row };
  }
}

import { DataError } from '@selfsup/ssl-core';
import { FilePool } from '../webdataset/file-pool.js';
import type { ParquetSource } from './parquet-source.js';
import type { ColumnChunk } from './page-decoder.js';
import { readColumnChunk } from './read-column-chunk.js';

interface CachedGroup {
  readonly images: Promise<readonly (Uint8Array | undefined)[]>;
  /** Zero until it is read. */
  bytes: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Classes of the row groups that were read last: small, but many. */
const maxLabelGroups = 64;

/** Reads row groups and keeps those used last, a thread's own. */
export class RowGroupReader {
  readonly #source: ParquetSource;
  readonly #files = new FilePool();
  readonly #images = new Map<number, CachedGroup>();
  readonly #labels = new Map<number, Promise<readonly (number | undefined)[]>>();
  /** What was wrong with pages, so that each of their rows tells it without another try. */
  readonly #damaged = new WeakMap<ColumnChunk, DataError>();

  constructor(source: ParquetSource) {
    this.#source = source;
  }

  /** Image files of a row group; those that are missing are undefined. */
  async images(group: number): Promise<readonly (Uint8Array | undefined)[]> {
    const cached = this.#images.get(group) ?? this.#startReading(group);
    // The last used comes last.
    this.#images.delete(group);
    this.#images.set(group, cached);
    try {
      return await cached.images;
    } catch (error) {
      // Another try may succeed.
      if (this.#images.get(group) === cached) this.#images.delete(group);
      throw error;
    }
  }

  /** Classes of a row group; those that are missing or no 32-bit integers are undefined. */
  async labels(group: number): Promise<readonly (number | undefined)[]> {
    const labels = this.#labels.get(group) ?? this.#readLabels(group);
    this.#labels.delete(group);
    this.#labels.set(group, labels);
    for (const oldest of this.#labels.keys()) {
      if (this.#labels.size <= maxLabelGroups) break;
      this.#labels.delete(oldest);
    }
    try {
      return await labels;
    } catch (error) {
      this.#labels.delete(group);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#images.clear();
    this.#labels.clear();
    await this.#files.close();
  }

  #startReading(group: number): CachedGroup {
    const read = async (): Promise<readonly (Uint8Array | undefined)[]> => {
      const images = (await this.#read(group, this.#source.groups[group]!.images)) as (Uint8Array | undefined)[];
      // Windows on the pages, which live as long as one of them does.
      cached.bytes = [...new Set(images.map((image) => image?.buffer))].reduce(
        (sum, buffer) => sum + (buffer?.byteLength ?? 0),
        1,
      );
      this.#evict(group);
      return images;
    };
    const cached: CachedGroup = { images: read(), bytes: 0 };
    return cached;
  }

  /** Drops what was not used for longest, but not the row group that is asked for. */
  #evict(keep: number): void {
    let total = 0;
    for (const { bytes } of this.#images.values()) total += bytes;
    for (const [group, { bytes }] of this.#images) {
      if (total <= this.#source.cacheBytes) return;
      if (group === keep || bytes === 0) continue;
      this.#images.delete(group);
      total -= bytes;
    }
  }

  /**
   * Classes of a row group that are texts; those that are missing are undefined. Not kept.
   *
   * @throws DataError when they are no UTF-8, or numbers after all
   */
  async texts(group: number): Promise<readonly (string | undefined)[]> {
    const { path } = this.#source.files[this.#source.groups[group]!.file]!;
    const values = await this.#read(group, this.#source.groups[group]!.labels!);
    return values.map((value, row) => {
      if (value === undefined) return undefined;
      if (typeof value === 'number')
        throw new DataError(
          `row group ${group} has numbers as classes, and others texts; open the files on their own`,
          {
            path,
          },
        );
      try {
        return utf8.decode(value);
      } catch (cause) {
        throw new DataError(`row ${row} of row group ${group} has a class that is no UTF-8; pass label: 'none'`, {
          path,
          cause,
        });
      }
    });
  }

  async #readLabels(group: number): Promise<readonly (number | undefined)[]> {
    const values = await this.#read(group, this.#source.groups[group]!.labels!);
    return values.map((value) => (typeof value === 'number' && (value | 0) === value ? value : undefined));
  }

  async #read(group: number, chunk: ColumnChunk): Promise<(Uint8Array | number | undefined)[]> {
    const known = this.#damaged.get(chunk);
    if (known !== undefined) throw known;
    const { files, groups, maxRowGroupBytes } = this.#source;
    const { file, rows } = groups[group]!;
    const { path, bytes } = files[file]!;
    const { buffer, byteOffset, length } = await this.#files.read(path, bytes, chunk.offset, chunk.bytes);
    try {
      return readColumnChunk(Buffer.from(buffer, byteOffset, length), chunk, rows, maxRowGroupBytes);
    } catch (cause) {
      if (!DataError.isInstance(cause)) throw cause;
      const error = new DataError(`row group ${group}: ${cause.message}`, { path, offset: chunk.offset, cause });
      this.#damaged.set(chunk, error);
      throw error;
    }
  }
}

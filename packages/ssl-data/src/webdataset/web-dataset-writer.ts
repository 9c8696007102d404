import { lstat, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkCount, checkOptions, DataError, InvalidOptionError, type OptionNames, SslError } from '@selfsup/ssl-core';
import { clearLeftovers, FolderLock, WholeFile } from '@selfsup/ssl-core/files';
import { type ClassList, readClassList } from '../dataset/class-list.js';
import { classRecordName, maxClassRecordBytes } from './class-record.js';
import { sidecarPath, writeSidecar } from './index-sidecar.js';
import { splitMemberName } from './member-name.js';
import { ownShards, removeShards } from './own-shards.js';
import { type ShardIndex, ShardIndexBuilder } from './shard-index.js';
import { parseShardPattern, type ShardPattern } from './shard-pattern.js';
import { paddingOf, tarEnd, tarHeaderBlocks } from './tar-blocks.js';

/** A sample to write. */
export interface WritableSample {
  /** Name without extensions, such as `000042` or `train/000042`. */
  readonly key: string;
  /** Bytes or text by extension, such as `{ jpg, cls: '3' }`. */
  readonly members: ReadonlyMap<string, Uint8Array | string> | Readonly<Record<string, Uint8Array | string>>;
}

export interface WebDatasetWriterOptions {
  /** Name of the shards; `%06d` becomes their number. Default `%06d.tar`. */
  readonly pattern?: string;
  /** Samples per shard at most. Default 10,000. */
  readonly maxSamples?: number;
  /** Bytes per shard at most, unless one sample alone is larger. Default 1 GiB. */
  readonly maxBytes?: number;
  /**
   * Names of the classes, kept in every shard as `__classes__`, a JSON array; `cls` members are then their numbers, -1 = no
   * label. Default: none.
   */
  readonly classes?: ClassList;
  /**
   * Replace shards that are there, where this program wrote them; those of other programs are refused. Default false.
   */
  readonly overwrite?: boolean;
}

/** Names of {@link WebDatasetWriterOptions}. */
export const webDatasetWriterOptionNames: OptionNames<WebDatasetWriterOptions> = {
  pattern: 'optional',
  maxSamples: 'optionalNumber',
  maxBytes: 'optionalNumber',
  overwrite: 'optionalFlag',
  classes: 'optional',
};

/** What was written. */
export interface WrittenShards {
  /** Paths, in order. */
  readonly shards: readonly string[];
  readonly samples: number;
  /** Bytes of all shards. */
  readonly bytes: number;
}

const where = 'WebDatasetWriter';
/** Bytes that are collected before they are written. */
const writeBytes = 1 << 20;

/**
 * Writes samples into tar shards of bounded size, each with its index beside it.
 *
 * A shard appears whole or not at all: it is written under a temporary name, brought to the disk and renamed. The same
 * samples give the same bytes. The Python package reads the shards as they are.
 *
 * ```ts
 * const writer = await WebDatasetWriter.create('packed', { pattern: 'train-%06d.tar' });
 * await writer.write({ key: '000000', members: { jpg: await readFile('cat.jpg'), cls: '3' } });
 * const { shards } = await writer.close();
 * ```
 *
 * Source: POSIX.1-2017 pax (ustar, PAX paths); `ShardWriter` of webdataset 1.0 (Python) for names and limits.
 */
export class WebDatasetWriter {
  readonly #folder: string;
  readonly #names: ShardPattern;
  readonly #maxSamples: number;
  readonly #maxBytes: number;
  readonly #lock: FolderLock;
  readonly #classes: ClassRecord | undefined;
  readonly #shards: string[] = [];
  #samples = 0;
  #bytes = 0;
  #lastKey: string | undefined;
  #open: OpenShard | undefined;

  private constructor(
    folder: string,
    names: ShardPattern,
    { maxSamples, maxBytes, classes }: ShardContents,
    lock: FolderLock,
  ) {
    this.#classes = classes;
    this.#folder = folder;
    this.#lock = lock;
    this.#names = names;
    this.#maxSamples = maxSamples;
    this.#maxBytes = maxBytes;
  }

  /**
   * @param folder made where it is not there
   * @throws InvalidOptionError; DataError when `classes` is a file that cannot be read, the folder holds shards of this pattern (see `overwrite`), or another
   * writer writes such shards there. Call `close` or `abort` to give the folder free
   */
  static async create(folder: string, options: WebDatasetWriterOptions = {}): Promise<WebDatasetWriter> {
    checkOptions('WebDatasetWriter.create', options, webDatasetWriterOptionNames);
    const { pattern = '%06d.tar', maxSamples = 10_000, maxBytes = 2 ** 30, overwrite = false } = options;
    const names = parseShardPattern(pattern, where);
    checkCount(where, { maxSamples, maxBytes });
    const classes = await classRecord(options.classes);
    let lock: FolderLock | undefined;
    try {
      await mkdir(folder, { recursive: true });
      // Two writers of one pattern would write over each other's shards; others may use the folder.
      lock = await FolderLock.acquire(folder, { purpose: `writing ${pattern}`, name: `.${pattern}.ssl-lock` });
      await clearLeftovers(folder);
      // Shards of two packings in one folder would be read as one data set.
      await removeShards(
        folder,
        await ownShards(folder, names, { pattern, overwrite, advice: 'pass overwrite: true' }),
      );
    } catch (cause) {
      await lock?.release();
      throw writeError(folder, cause);
    }
    return new WebDatasetWriter(folder, names, { maxSamples, maxBytes, classes }, lock);
  }

  /**
   * Adds a sample. One at a time: wait for each.
   *
   * @throws InvalidOptionError for a key or an extension that would not be read back as it is; DataError when the disk refuses
   */
  async write({ key, members }: WritableSample): Promise<void> {
    const entries = [...(members instanceof Map ? members : new Map(Object.entries(members)))]
      .map(([extension, data]) => ({ extension, bytes: typeof data === 'string' ? Buffer.from(data) : data }))
      .sort((a, b) => (a.extension < b.extension ? -1 : 1));
    this.#check(
      key,
      entries.map(({ extension }) => extension),
    );
    this.#checkClass(key, entries.find(({ extension }) => extension === 'cls')?.bytes);
    const blocks = entries.map(({ extension, bytes }) => {
      const name = `${key}.${extension}`;
      return { name, header: tarHeaderBlocks(name, bytes.length), bytes };
    });
    const size = blocks.reduce(
      (sum, { header, bytes }) => sum + header.length + bytes.length + paddingOf(bytes.length),
      0,
    );
    const { samples = 0, end = 0 } = this.#open ?? {};
    if (samples === this.#maxSamples || (samples > 0 && end + size + tarEnd.length > this.#maxBytes))
      await this.#finishShard();
    try {
      if (this.#open === undefined) {
        this.#open = await OpenShard.create(this.#pathOf(this.#shards.length));
        if (this.#classes !== undefined) await this.#open.name(this.#classes);
      }
      for (const { name, header, bytes } of blocks) await this.#open.add(name, header, bytes);
    } catch (cause) {
      throw writeError(this.#folder, cause);
    }
    this.#open.samples++;
    this.#samples++;
    this.#lastKey = key;
  }

  /**
   * Finishes the last shard.
   *
   * @throws DataError when the disk refuses
   */
  async close(): Promise<WrittenShards> {
    if (this.#open !== undefined) await this.#finishShard();
    await this.#lock.release();
    return { shards: this.#shards, samples: this.#samples, bytes: this.#bytes };
  }

  /** Drops the shard that is not finished, and gives the folder free. */
  async abort(): Promise<void> {
    await this.#open?.discard();
    this.#open = undefined;
    await this.#lock.release();
  }

  /** Shards, samples and bytes so far. */
  get written(): WrittenShards {
    return { shards: [...this.#shards], samples: this.#samples, bytes: this.#bytes + (this.#open?.end ?? 0) };
  }

  #check(key: string, extensions: readonly string[]): void {
    const isPath = key.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    // oxlint-disable-next-line no-control-regex -- a NUL or a line end would cut the name
    if (!isPath || key.length > 1024 || /[\0-\x1f]/.test(key))
      throw new InvalidOptionError(where, 'key', "a relative path of at most 1024 characters without '..'", key);
    if (key === this.#lastKey)
      throw new InvalidOptionError(where, 'key', 'another than that of the sample before', key);
    if (extensions.length === 0) throw new InvalidOptionError(where, 'members', 'at least one member', '{}');
    for (const extension of extensions) {
      const split = splitMemberName(`${key}.${extension}`);
      // oxlint-disable-next-line no-control-regex -- as above
      if (!/^[^/\0-\x1f]{1,255}$/.test(extension) || split?.[0] !== key || split[1] !== extension)
        throw new InvalidOptionError(
          where,
          'members',
          'extensions in lower case, and a key whose last part has no dot and is not __meta__',
          `${key}.${extension}`,
        );
    }
  }

  #checkClass(key: string, bytes: Uint8Array | undefined): void {
    if (this.#classes === undefined || bytes === undefined) return;
    const { length } = this.#classes.names;
    const text = Buffer.from(bytes).toString('utf8').trim();
    if (!/^(?:-1|\d{1,9})$/.test(text) || Number(text) >= length)
      throw new InvalidOptionError(
        where,
        `members of ${key}`,
        `a cls from 0 to ${length - 1}, the number of a name in the option classes, or -1 for no label`,
        text.slice(0, 80),
      );
  }

  #pathOf(shard: number): string {
    return join(this.#folder, this.#names.nameOf(shard));
  }

  async #finishShard(): Promise<void> {
    const shard = this.#open!;
    try {
      await shard.finish();
    } catch (cause) {
      throw writeError(this.#folder, cause);
    }
    this.#open = undefined;
    this.#shards.push(shard.path);
    this.#bytes += shard.end;
  }
}

interface ClassRecord {
  readonly names: readonly string[];
  readonly bytes: Uint8Array;
}

interface ShardContents {
  readonly maxSamples: number;
  readonly maxBytes: number;
  readonly classes: ClassRecord | undefined;
}

async function classRecord(classes: ClassList | undefined): Promise<ClassRecord | undefined> {
  const names = await readClassList(where, classes);
  if (names === undefined) return undefined;
  const bytes = Buffer.from(JSON.stringify(names));
  if (bytes.length > maxClassRecordBytes)
    throw new InvalidOptionError(
      where,
      'classes',
      `names of at most ${maxClassRecordBytes} bytes together, as they stand in every shard`,
      `${bytes.length} bytes`,
    );
  return { names, bytes };
}

/** A shard while it is written. */
class OpenShard {
  readonly path: string;
  samples = 0;
  /** Bytes so far. */
  end = 0;
  readonly #file: WholeFile;
  readonly #index: ShardIndexBuilder;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  private constructor(file: WholeFile) {
    this.path = file.path;
    this.#file = file;
    this.#index = new ShardIndexBuilder(file.path, 'first-dot');
  }

  static async create(path: string): Promise<OpenShard> {
    return new OpenShard(await WholeFile.create(path));
  }

  async add(name: string, header: Uint8Array, bytes: Uint8Array): Promise<void> {
    const plainName = header.length === 512;
    this.#index.add({ name, offset: this.end + header.length, size: bytes.length, plainName });
    await this.#put(header, bytes, Buffer.alloc(paddingOf(bytes.length)));
  }

  /** Writes the names of the classes, before the samples. */
  async name({ names, bytes }: ClassRecord): Promise<void> {
    this.#index.name(names);
    await this.#put(tarHeaderBlocks(classRecordName, bytes.length), bytes, Buffer.alloc(paddingOf(bytes.length)));
  }

  async finish(): Promise<void> {
    await this.#put(tarEnd);
    await this.#flush();
    // Shards that may be replaced are gone by now: what is there came meanwhile, and is somebody's.
    await this.#file.finish(async () => {
      if (await lstat(this.path).catch(() => undefined))
        throw new DataError(
          'was put there by somebody else while the shard was written; move it away, and pack again',
          { path: this.path },
        );
    });
    const index: ShardIndex = this.#index.finish(this.end);
    await writeSidecar(sidecarPath(this.path), index, (await stat(this.path)).mtimeMs);
  }

  async discard(): Promise<void> {
    await this.#file.discard();
  }

  async #put(...parts: Uint8Array[]): Promise<void> {
    for (const part of parts) {
      if (part.length === 0) continue;
      this.#waiting.push(part);
      this.#waitingBytes += part.length;
      this.end += part.length;
    }
    if (this.#waitingBytes >= writeBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.#file.write(bytes);
  }
}

function writeError(path: string, cause: unknown): unknown {
  if (SslError.isInstance(cause)) return cause;
  return new DataError(`cannot be written: ${(cause as Error).message}; check free space and rights`, { path, cause });
}

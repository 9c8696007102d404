import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, type OptionNames } from '@selfsup/ssl-core';
import { clearLeftovers, openRegularFile, WholeFile, writeWhole } from '@selfsup/ssl-core/files';
import { readWhole } from '../io/read-whole.js';
import { displayUrl } from './http-answer.js';
import type { HttpFile, HttpSource } from './http-source.js';

export interface ShardCacheOptions {
  /** Folder for downloaded shards and for indices; of one user alone. */
  readonly folder: string;
  /** Bytes of shards that are kept; the longest unused ones go first. Default 16 GiB. */
  readonly maxBytes?: number;
  /** Download every shard whole, also from servers that send parts. Default false. */
  readonly download?: boolean;
}

/** Names of {@link ShardCacheOptions}. */
export const shardCacheOptionNames: OptionNames<ShardCacheOptions> = {
  folder: 'required',
  maxBytes: 'optionalNumber',
  download: 'optionalFlag',
};

const touchEveryMs = 60_000;
/** Names of shards in a cache; no other file in its folder is ever removed. */
const ownShard = /^ssl-[0-9a-f]{40}\.tar$/;

/** Shards from servers in a folder of bounded size, each with its checksum, which threads and processes may share. */
export class ShardCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #http: HttpSource;
  readonly #touched = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ folder, maxBytes = 2 ** 34 }: ShardCacheOptions, http: HttpSource) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#http = http;
  }

  /** Where the index of a file lies, or will lie. A file that changes on its server gets another name. */
  indexPath(file: HttpFile): string {
    return join(this.#folder, `${nameOf(file)}.index.json`);
  }

  /** Path of a file that is here. */
  async find(file: HttpFile): Promise<string | undefined> {
    const path = this.#pathOf(file);
    const found = await stat(path).catch(() => undefined);
    if (found === undefined || (file.size !== undefined && found.size !== file.size)) return undefined;
    const now = Date.now();
    if (now - (this.#touched.get(path) ?? 0) > touchEveryMs) {
      this.#touched.set(path, now);
      // Only the order of removal hangs on it.
      await utimes(path, now / 1000, now / 1000).catch(() => {});
    }
    return path;
  }

  /**
   * Removes a file that is here but is not, byte for byte, what was downloaded, so that it is fetched again. Reads all of
   * it, so it is for the opening of a data set and not for each sample.
   */
  async verify(file: HttpFile): Promise<void> {
    const path = await this.find(file);
    if (path === undefined) return;
    const expected = await readWhole(digestPath(path), 64).catch(() => undefined);
    if (expected !== undefined && Buffer.from(expected).toString('latin1') === (await digestOf(path))) return;
    await this.#remove(path);
  }

  /**
   * Calls `use` with the path of a file, downloaded if it is not here. Downloads run one after the other, so that the
   * folder stays within its bytes and no shard goes before it was used.
   *
   * @returns what `use` returns
   * @throws DataError when the file cannot be fetched or is larger than the cache, and what `use` throws
   */
  async use<T>(file: HttpFile, use: (path: string) => Promise<T>): Promise<T> {
    const found = await this.find(file);
    if (found !== undefined) {
      try {
        return await use(found);
      } catch (error) {
        // It may have been removed between the two.
        if ((await this.find(file)) !== undefined) throw error;
      }
    }
    const turn = this.#turn.then(async () => use((await this.find(file)) ?? (await this.#download(file))));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Removes a file that is no shard, so that the next opening fetches it again. */
  async discard(file: HttpFile): Promise<void> {
    await this.#remove(this.#pathOf(file));
  }

  #pathOf(file: HttpFile): string {
    return join(this.#folder, `${nameOf(file)}.tar`);
  }

  async #download(file: HttpFile): Promise<string> {
    const { url, size } = file;
    const path = this.#pathOf(file);
    if (size !== undefined && size > this.#maxBytes)
      throw new DataError(`has ${size} bytes, the cache takes ${this.#maxBytes}; raise cache.maxBytes`, {
        path: displayUrl(url),
      });
    await mkdir(this.#folder, { recursive: true });
    if (size !== undefined) await this.#makeRoom(size);
    let target: WholeFile | undefined;
    let hash = createHash('sha256');
    try {
      const kept = (target = await WholeFile.create(path));
      const total = await this.#http.download(file, this.#maxBytes, async (piece, offset) => {
        if (offset === 0) {
          await kept.clear();
          hash = createHash('sha256');
        }
        hash.update(piece);
        await kept.write(piece, offset);
      });
      if (size === undefined) await this.#makeRoom(total);
      // First, as a file without its checksum is fetched again.
      await kept.finish(() => writeWhole(digestPath(path), hash.digest('hex')));
    } catch (cause) {
      await target?.discard();
      if (DataError.isInstance(cause)) throw cause;
      throw new DataError(`cannot be kept in the cache: ${(cause as Error).message}`, { path: this.#folder, cause });
    }
    return path;
  }

  /** Removes the longest unused shards until `bytes` more fit, and what dead processes left of downloads. */
  async #makeRoom(bytes: number): Promise<void> {
    const shards: { readonly path: string; readonly size: number; readonly used: number }[] = [];
    await clearLeftovers(this.#folder);
    for (const name of await readdir(this.#folder)) {
      if (!ownShard.test(name)) continue;
      const path = join(this.#folder, name);
      // Another process may be removing it as well.
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined) shards.push({ path, size: found.size, used: found.mtimeMs });
    }
    let total = shards.reduce((sum, { size }) => sum + size, bytes);
    for (const { path, size } of shards.sort((a, b) => a.used - b.used)) {
      if (total <= this.#maxBytes) return;
      await this.#remove(path);
      total -= size;
    }
  }

  /** Another process may be doing the same. */
  async #remove(path: string): Promise<void> {
    for (const name of [path, digestPath(path)]) await rm(name, { force: true }).catch(() => {});
  }
}

function nameOf({ url, size, validator }: HttpFile): string {
  const identity = [url, validator ?? '', size === undefined ? '' : String(size)];
  return `ssl-${createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 40)}`;
}

/** Where the checksum of a file in the cache lies. */
function digestPath(path: string): string {
  return `${path}.sha256`;
}

async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    const file = await openRegularFile(path);
    for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch {
    // It went in between, or cannot be read.
    return undefined;
  }
  return hash.digest('hex');
}

import { DataError } from '@selfsup/ssl-core';
import { FilePool } from './file-pool.js';
import { displayUrl } from './http-answer.js';
import { type HttpFile, type HttpOptions, HttpSource } from './http-source.js';
import type { Shard } from './shard.js';
import { ShardCache, type ShardCacheOptions } from './shard-cache.js';

/** How a thread gets at shards; plain data. */
export interface ShardAccess {
  readonly http: HttpOptions;
  readonly cache: ShardCacheOptions | undefined;
}

/** Name of a shard for messages: a path, or a URL without its query. */
export function shardName(shard: Shard): string {
  return shard.kind === 'file' ? shard.path : displayUrl(shard.file.url);
}

/** Reads parts of shards, whether they lie here, on a server or in the cache. */
export class ShardStore {
  readonly http: HttpSource;
  readonly cache: ShardCache | undefined;
  readonly files = new FilePool();
  readonly #download: boolean;

  constructor({ http, cache }: ShardAccess) {
    this.http = new HttpSource(http);
    this.cache = cache === undefined ? undefined : new ShardCache(cache, this.http);
    this.#download = cache?.download === true;
  }

  /** Whether parts of a file are asked for one by one. */
  readsParts(file: HttpFile): boolean {
    return file.ranges && !this.#download;
  }

  /**
   * @returns exactly `length` bytes of a shard from `offset`
   * @throws DataError
   */
  async read(shard: Shard, offset: number, length: number): Promise<Uint8Array> {
    if (shard.kind === 'file') return this.files.read(shard.path, shard.size, offset, length);
    const { file, size } = shard;
    if (this.cache === undefined && !this.readsParts(file))
      throw new DataError(
        'the server sends no parts of files; pass cache: { folder } so that shards can be downloaded',
        { path: displayUrl(file.url) },
      );
    if (this.readsParts(file) && (await this.cache?.find(file)) === undefined)
      return this.http.range(file, offset, length);
    return this.cache!.use(file, (path) => this.files.read(path, size, offset, length));
  }

  async close(): Promise<void> {
    await this.files.close();
  }
}

import { displayUrl } from '../webdataset/http-answer.js';
import type { HttpOptions } from '../webdataset/http-source.js';
import { ByteQueue } from './byte-queue.js';
import { compressionOf, openChunked, unpacked } from './read-chunks.js';
import { streamUrl } from './stream-url.js';

/** A text on a disk or a server. */
export interface TextFile {
  /** Name for messages: a path, or a URL without its query. */
  readonly name: string;
  /** Decompressed bytes, from the beginning each time; throws DataError. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Whether a place is an address on a server. */
export const isUrl = (path: string): boolean => /^https?:\/\//i.test(path) && URL.canParse(path);

/** A place as it may stand in messages: of an address what comes before its query. */
export const nameOfPlace = (path: string): string => (isUrl(path) ? displayUrl(path) : path);

/**
 * @param path a path; where there is `http`, or an http: or https: address
 * @param http how a server is asked; without it a path is always that of a file
 */
export function textFile(path: string, http: HttpOptions | undefined): TextFile {
  return http !== undefined && isUrl(path)
    ? { name: displayUrl(path), chunks: () => remoteChunks(path, http) }
    : { name: path, chunks: () => localChunks(path) };
}

async function* localChunks(path: string): AsyncGenerator<Uint8Array> {
  yield* (await openChunked(path)).chunks();
}

async function* remoteChunks(url: string, http: HttpOptions): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(streamUrl(url, http));
  try {
    yield* unpacked(displayUrl(url), queue.all(), compressionOf(await queue.peek(4)));
  } finally {
    await queue.close();
  }
}

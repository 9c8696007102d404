import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { decompressZstd } from './decompress-zstd.js';
import { startsAsZstd } from './zstd-frame.js';

export type Compression = 'none' | 'gzip' | 'zstd';

/** A file opened for one sequential read; compression is recognised by the first bytes. */
export interface ChunkedFile {
  readonly compression: Compression;
  /** Bytes on disk. */
  readonly size: number;
  /** Decompressed bytes, in order; throws {@link DataError} on a corrupt or truncated stream. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * Opens a file that is plain or compressed by gzip or Zstandard.
 *
 * @param maxBytes of a file that is not compressed, for callers that hold all of it
 * @throws DataError when it is missing, no regular file, unreadable or larger
 */
export async function openChunked(path: string, maxBytes = Infinity): Promise<ChunkedFile> {
  const magic = new Uint8Array(4);
  const file = await openRegularFile(path);
  let size: number;
  try {
    ({ size } = await file.stat());
    await file.read(magic, 0, 4, 0);
  } catch (cause) {
    throw readError(path, cause);
  } finally {
    await file.close();
  }
  const gzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const compression = gzip ? 'gzip' : startsAsZstd(magic) ? 'zstd' : 'none';
  if (compression === 'none' && size > maxBytes)
    throw new DataError(`has ${size} bytes, the limit is ${maxBytes}; check the path, or raise maxBytes`, {
      path,
      offset: maxBytes,
    });
  return {
    compression,
    size,
    chunks: () => (compression === 'zstd' ? decompressZstd(path, chunksOf(path, false)) : chunksOf(path, gzip)),
  };
}

async function* chunksOf(path: string, gzip: boolean): AsyncGenerator<Uint8Array> {
  // Looked at again: between the two another file may have got the name.
  const file = (await openRegularFile(path)).createReadStream({ highWaterMark: 1 << 20 });
  // pipeline() closes the file when the consumer stops early; errors reach the consumer through the last stream.
  const stream: Readable = gzip ? pipeline(file, createGunzip({ chunkSize: 1 << 20 }), () => {}) : file;
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cause) {
    throw readError(path, cause);
  }
}

function readError(path: string, cause: unknown): DataError {
  if (DataError.isInstance(cause)) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (code?.startsWith('Z_') === true || code === 'ERR_BUFFER_TOO_LARGE')
    return new DataError(`gzip stream is damaged or truncated (${reason}); fetch the file again`, { path, cause });
  return new DataError(`cannot be read: ${reason}`, { path, cause });
}

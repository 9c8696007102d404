import { pipeline } from 'node:stream';
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
  const compression = compressionOf(magic);
  if (compression === 'none' && size > maxBytes)
    throw new DataError(`has ${size} bytes, the limit is ${maxBytes}; check the path, or raise maxBytes`, {
      path,
      offset: maxBytes,
    });
  return { compression, size, chunks: () => unpacked(path, localBytes(path), compression) };
}

/** The compression that a file's first bytes tell, four of them. */
export function compressionOf(head: Uint8Array): Compression {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return startsAsZstd(head) ? 'zstd' : 'none';
}

/**
 * Decompresses bytes as they come.
 *
 * @param path for messages
 * @throws DataError for a corrupt or truncated stream; what `bytes` throws
 */
export async function* unpacked(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  if (compression !== 'gzip') {
    yield* compression === 'zstd' ? decompressZstd(path, bytes) : bytes;
    return;
  }
  try {
    // pipeline() ends the source when the consumer stops early; errors reach the consumer through the last stream.
    for await (const chunk of pipeline(bytes, createGunzip({ chunkSize: 1 << 20 }), () => {})) yield chunk as Buffer;
  } catch (cause) {
    throw readError(path, cause);
  }
}

async function* localBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    // Looked at again: between the two another file may have got the name.
    const file = await openRegularFile(path);
    for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20 })) yield chunk as Buffer;
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

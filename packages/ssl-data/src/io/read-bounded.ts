import { DataError } from '@selfsup/ssl-core';
import { openChunked } from './read-chunks.js';

/**
 * A whole file, decompressed if it is gzip-compressed.
 *
 * @throws DataError when it is missing, damaged, or longer than `maxBytes` after decompression
 */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openChunked(path, maxBytes);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of file.chunks()) {
    total += chunk.length;
    if (total > maxBytes)
      throw new DataError(`is larger than ${maxBytes} bytes; check the path, or raise maxBytes if the file is right`, {
        path,
        offset: maxBytes,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

import * as zlib from 'node:zlib';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { DataError } from '@selfsup/ssl-core';
import { checkZstd } from './check-zstd.js';

/** Node 22.15 and newer. fzstd writes no byte out of bounds either, but a hostile large page can keep it busy for seconds. */
const { zstdDecompressSync } = zlib as Partial<Record<'zstdDecompressSync', typeof zlib.brotliDecompressSync>>;

/**
 * Decompresses a page.
 *
 * @param codec its name in the metadata
 * @param length of the result, checked against a limit before
 * @throws DataError when it is damaged or of another length
 */
export function decompressPage(bytes: Buffer, codec: string, length: number): Buffer {
  if (codec === 'UNCOMPRESSED' || length === 0) {
    if (bytes.length !== length) throw new DataError(`a page has ${bytes.length} bytes, but says ${length}`);
    return bytes;
  }
  let page: Uint8Array;
  try {
    page = decompress(bytes, codec, length);
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(`a page cannot be decompressed (${codec}): ${(cause as Error).message}`, { cause });
  }
  if (page.length !== length) throw new DataError(`a page decompressed to ${page.length} bytes, but says ${length}`);
  return Buffer.from(page.buffer, page.byteOffset, page.length);
}

function decompress(bytes: Buffer, codec: string, length: number): Uint8Array {
  switch (codec) {
    case 'SNAPPY':
    case 'LZ4_RAW':
      return compressors[codec]!(bytes, length);
    case 'GZIP':
      return zlib.gunzipSync(bytes, { maxOutputLength: length });
    case 'BROTLI':
      return zlib.brotliDecompressSync(bytes, { maxOutputLength: length });
    case 'ZSTD': {
      if (zstdDecompressSync !== undefined) return zstdDecompressSync(bytes, { maxOutputLength: length });
      checkZstd(bytes, length);
      // Without a buffer it would allocate what the frame claims.
      const page = new Uint8Array(length);
      decompressZstd(bytes, page);
      return page;
    }
    default:
      throw new DataError(`compression ${codec} is not read; write the file anew with zstd, snappy or none`);
  }
}

import type { FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { type ByteSource, maxDeflateRatio } from './read-array.js';

/** A file inside a zip archive. */
export interface ZipMember {
  readonly name: string;
  readonly bytes: number;
  /** The file's bytes; reading them throws {@link DataError} when they are damaged. */
  source(): ByteSource;
}

/**
 * Reads the directory of a zip archive (stored and deflated files, zip64). Nothing is extracted, nothing stays open.
 *
 * @param select names that are wanted
 * @param maxMembers most files of any name
 * @throws DataError for a file that is missing or no zip archive, for wanted files that are encrypted, compressed by another method or
 *   outside the archive, where directory and files have other names, and beyond `maxMembers`
 * Source: PKWARE's APPNOTE.TXT 6.3, through yauzl.
 */
export async function readZipDirectory(
  path: string,
  select: (name: string) => boolean,
  maxMembers: number,
): Promise<ZipMember[]> {
  let handle: FileHandle | undefined;
  try {
    handle = await openRegularFile(path);
    const { size } = await handle.stat();
    const reader = new BoundedReader(handle, size);
    const archive = await fromRandomAccessReaderPromise(reader, size, { autoClose: false });
    const members: ZipMember[] = [];
    let seen = 0;
    for await (const entry of archive.eachEntry()) {
      if (++seen > maxMembers)
        throw new DataError(`holds more than ${maxMembers} files; raise maxArrays if the archive is right`, { path });
      // Names have no checksum, but they are written twice.
      const { fileName, fileDataStart } = await archive.readLocalFileHeaderPromise(entry);
      if (!fileName.equals(entry.fileNameRaw))
        throw new DataError(
          `is damaged: its directory calls a file '${entry.fileName}' that calls itself '${fileName.toString('utf8')}'; fetch the file again`,
          { path },
        );
      if (!select(entry.fileName)) continue;
      if (entry.isEncrypted() || (entry.compressionMethod !== 0 && entry.compressionMethod !== 8))
        throw new DataError(
          `'${entry.fileName}' is encrypted or compressed by another method than deflate; save it anew`,
          {
            path,
          },
        );
      members.push(member(path, entry, fileDataStart));
    }
    return members;
  } catch (cause) {
    if (DataError.isInstance(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(`is no zip archive that can be read: ${reason}; fetch the file again`, { path, cause });
  } finally {
    await handle?.close();
  }
}

/** Reads for yauzl, which asks for places that damaged archives name. */
class BoundedReader extends RandomAccessReader {
  readonly #handle: FileHandle;
  readonly #size: number;

  constructor(handle: FileHandle, size: number) {
    super();
    this.#handle = handle;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    if (!(position >= 0 && position + length <= this.#size)) {
      setImmediate(callback, new Error(`it points to byte ${position}, the file has ${this.#size}`));
      return;
    }
    void this.#readWhole(buffer, offset, length, position).then((error) => setImmediate(callback, error));
  }

  async #readWhole(buffer: Buffer, offset: number, length: number, position: number): Promise<Error | null> {
    try {
      const { bytesRead } = await this.#handle.read(buffer, offset, length, position);
      return bytesRead === length ? null : new Error('the file became shorter');
    } catch (error) {
      return error as Error;
    }
  }
}

function member(path: string, entry: Entry, start: number): ZipMember {
  const { fileName: name, compressedSize, uncompressedSize: bytes } = entry;
  const stored = entry.compressionMethod === 0;
  const where = { path: `${path}:${name}` };
  const damaged = (reason: string, cause?: unknown) =>
    new DataError(`is damaged inside the archive (${reason}); fetch the file again`, { ...where, cause });

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const file =
      compressedSize === 0
        ? Readable.from([])
        : (await openRegularFile(path)).createReadStream({
            start,
            end: start + compressedSize - 1,
            highWaterMark: 1 << 20,
          });
    const stream: Readable = stored ? file : pipeline(file, createInflateRaw({ chunkSize: 1 << 20 }), () => {});
    let sum = 0;
    let total = 0;
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        total += chunk.length;
        sum = crc32(chunk, sum);
        if (total > bytes) throw damaged(`more than the ${bytes} bytes that the directory says`);
        // The check comes before the last piece, so that nobody takes damaged bytes for the whole file.
        if (total === bytes && sum !== entry.crc32) throw damaged('its checksum differs');
        yield chunk;
      }
    } catch (cause) {
      throw DataError.isInstance(cause)
        ? cause
        : damaged(cause instanceof Error ? cause.message : String(cause), cause);
    }
    if (total !== bytes) throw damaged(`${total} of ${bytes} bytes`);
  }

  return {
    name,
    bytes,
    source: () => ({
      ...where,
      exactBytes: bytes,
      maxBytes: Math.min(bytes, stored ? compressedSize : compressedSize * maxDeflateRatio),
      chunks,
    }),
  };
}

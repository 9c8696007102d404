import { DataError } from '@selfsup/ssl-core';
import type { ByteReader } from '../webdataset/byte-reader.js';
import { type ColumnChunk, countIn, PageDecoder, type Value } from './page-decoder.js';
import { readThrift, type ThriftStruct } from './read-thrift.js';

/** Read at once: some pages, so that a server is not asked for each. */
const windowBytes = 2 ** 22;
/** Statistics in a page's header hold its least and largest value, which may be long texts. */
const [usualHeader, longestHeader] = [2 ** 12, 2 ** 24];

/** A column in one row group. */
export interface ColumnPart {
  readonly group: number;
  readonly rows: number;
  readonly chunk: ColumnChunk;
}

/** Values of a page, `undefined` for nulls, and its place in the file. */
export interface ColumnPage {
  readonly values: readonly (Value | undefined)[];
  readonly offset: number;
}

/**
 * The values of a column in a row group, page by page: a page and a few MiB of the file are in memory.
 *
 * @param maxPageBytes of a page after decompression, and in the file; a page has a row for each 16 bytes of that at most
 * @throws DataError with the row group and the page's place
 */
export async function* columnPages(
  file: ByteReader,
  { group, rows, chunk }: ColumnPart,
  maxPageBytes: number,
): AsyncGenerator<ColumnPage> {
  const pages = new PageDecoder(chunk, rows, { maxRows: Math.ceil(maxPageBytes / 16), maxBytes: maxPageBytes });
  const window = new Window(file, chunk.offset + chunk.bytes);
  for (let offset = chunk.offset; pages.left > 0;) {
    const from = offset;
    let values: ColumnPage['values'];
    try {
      const { value: header, end } = await headerAt(window, from);
      const stored = countIn(header, 3);
      const bytes = Math.max(stored, countIn(header, 2));
      if (bytes > maxPageBytes)
        throw new DataError(
          `a page has ${bytes} bytes, the limit is ${maxPageBytes}; raise maxLineBytes, or write the file anew with smaller pages`,
        );
      offset += end + stored;
      const page = await window.read(from + end, stored);
      if (page.length < stored) throw new DataError('a page is longer than its column');
      values = pages.decode(header, page);
    } catch (cause) {
      if (!DataError.isInstance(cause) || cause.path !== undefined) throw cause;
      throw new DataError(`row group ${group}: ${cause.message}`, { path: file.path, offset: from, cause });
    }
    yield { values, offset: from };
  }
}

async function headerAt(window: Window, offset: number): Promise<{ value: ThriftStruct; end: number }> {
  for (let length = usualHeader; ; length *= 16) {
    const bytes = await window.read(offset, length);
    try {
      return readThrift(bytes, 0);
    } catch (cause) {
      if (bytes.length < length || length >= longestHeader) throw cause;
    }
  }
}

/** The part of the file around the page at hand. */
class Window {
  readonly #file: ByteReader;
  readonly #end: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  /** @param end of what may be read */
  constructor(file: ByteReader, end: number) {
    this.#file = file;
    this.#end = end;
  }

  /** Bytes from a place on, fewer only at the end. They are good until the next call. */
  async read(offset: number, length: number): Promise<Buffer> {
    const count = Math.max(0, Math.min(length, this.#end - offset));
    if (offset < this.#start || offset + count > this.#start + this.#bytes.length) {
      const wanted = Math.min(Math.max(count, windowBytes), this.#end - offset);
      const { buffer, byteOffset, length: found } = await this.#file.read(offset, wanted);
      this.#bytes = Buffer.from(buffer, byteOffset, found);
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + count);
  }
}

import { isUtf8 } from 'node:buffer';
import { DataError } from 'ssl-tensor/host';
import { openChunked } from '../io/read-chunks.js';
import { checkIndex } from './check-index.js';
import type { Dataset } from './dataset.js';
import { stringAt, type StringTable } from './string-table.js';

export interface TextLineOptions {
  /** Longest line, bytes without its end. Default 1 MiB. */
  readonly maxLineBytes?: number;
  /** Largest text, bytes after decompression. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Keep lines that are empty or only white space. Default false. */
  readonly keepEmpty?: boolean;
}

/** Lines of a UTF-8 text file, plain or gzip-compressed, held as bytes. Line ends `\n` and `\r\n`. */
export class TextLineDataset implements Dataset<string> {
  readonly length: number;
  readonly #lines: StringTable;

  private constructor(lines: StringTable) {
    this.#lines = lines;
    this.length = lines.lengths.length;
  }

  /**
   * @throws DataError when the file is missing, damaged, beyond a limit, not UTF-8 or without lines
   */
  static async open(path: string, options: TextLineOptions = {}): Promise<TextLineDataset> {
    const { maxLineBytes = 2 ** 20, maxBytes = 2 ** 31, keepEmpty = false } = options;
    const bytes = await readAll(path, maxBytes);
    const offsets: number[] = [];
    const lengths: number[] = [];
    let line = 0;
    const first = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
    for (let start = first; start < bytes.length; line++) {
      const newline = bytes.indexOf(10, start);
      const next = newline < 0 ? bytes.length : newline + 1;
      let end = newline < 0 ? bytes.length : newline;
      if (end > start && bytes[end - 1] === 13) end--;
      if (end - start > maxLineBytes) {
        throw new DataError(
          `line ${line + 1} has ${end - start} bytes, the limit is ${maxLineBytes}; raise maxLineBytes or split the line`,
          { path, offset: start },
        );
      }
      if (!isUtf8(bytes.subarray(start, end)))
        throw new DataError(`line ${line + 1} is not valid UTF-8; convert the file`, { path, offset: start });
      if (keepEmpty || hasText(bytes, start, end)) {
        offsets.push(start);
        lengths.push(end - start);
      }
      start = next;
    }
    if (lengths.length === 0) throw new DataError('holds no lines of text', { path });
    return new TextLineDataset({ bytes, offsets: Float64Array.from(offsets), lengths: Int32Array.from(lengths) });
  }

  get(index: number): string {
    checkIndex('TextLineDataset.get', index, this.length);
    return stringAt(this.#lines, index);
  }
}

function hasText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 32) return true;
  return false;
}

async function readAll(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await openChunked(path);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of file.chunks()) {
    total += chunk.length;
    if (total > maxBytes)
      throw new DataError(`is larger than ${maxBytes} bytes; raise maxBytes or split the file`, {
        path,
        offset: maxBytes,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

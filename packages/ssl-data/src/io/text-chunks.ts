import { isUtf8 } from 'node:buffer';
import { DataError } from '@selfsup/ssl-core';
import { cutUtf8Bytes, invalidUtf8At } from './invalid-utf8.js';
import type { HttpOptions } from '../webdataset/http-source.js';
import { canonicalEncoding, checkMark, longestMark } from './text-encoding.js';
import { type TextFile, textFile } from './text-file.js';
import { windows1252ToUtf8 } from './windows-1252.js';

/** How a text file is read. */
export interface TextOptions {
  /**
   * Encoding of the file, by a name that TextDecoder knows: `utf-16le`, `windows-1252` (which `latin1` means there),
   * `shift_jis`. Default `utf-8`.
   */
  readonly encoding?: string;
  /** Largest text, bytes after decompression. */
  readonly maxBytes: number;
  /** How a server is asked. Default: a path is that of a file, also where it looks like an address. */
  readonly http?: HttpOptions;
}

/** A part of a text. */
export interface TextChunk {
  /** Valid UTF-8, cut between characters. */
  readonly bytes: Uint8Array;
  /** First byte after decompression; of the text as UTF-8 where the file has another encoding. */
  readonly offset: number;
}

/** Advice for text that is not in the encoding that it is read in. */
const advice = "pass its encoding, such as encoding: 'windows-1252', or convert the file to UTF-8";

/**
 * The text of a file, plain, gzip or Zstandard, as valid UTF-8 without byte order mark: what every reader of text here
 * reads. NUL is a character as any other.
 *
 * @param where function that has the option `encoding`, for messages
 * @throws DataError when the file is missing, damaged or larger than `maxBytes`, is not valid in its encoding (with the
 *   byte), or begins with the byte order mark of another; InvalidOptionError for an unknown encoding
 */
export async function* textChunks(
  path: string,
  { encoding: label = 'utf-8', maxBytes, http }: TextOptions,
  where: string,
): AsyncGenerator<TextChunk> {
  const encoding = canonicalEncoding(where, label);
  const file = textFile(path, http);
  const chunks = withoutMark(file, encoding, maxBytes);
  yield* encoding === 'utf-8' ? checkedUtf8(file, chunks) : decoded(file, encoding, chunks);
}

async function* withoutMark(file: TextFile, encoding: string, maxBytes: number): AsyncGenerator<TextChunk> {
  const { name: path } = file;
  let total = 0;
  let head: Uint8Array | undefined = new Uint8Array(0);
  for await (const chunk of file.chunks()) {
    total += chunk.length;
    if (total > maxBytes)
      throw new DataError(`is larger than ${maxBytes} bytes; raise maxBytes or split the file`, {
        path,
        offset: maxBytes,
      });
    if (head === undefined) {
      yield { bytes: chunk, offset: total - chunk.length };
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < longestMark) continue;
    const start = checkMark(head, encoding, path);
    yield { bytes: head.subarray(start), offset: start };
    head = undefined;
  }
  if (head !== undefined && head.length > 0) {
    const start = checkMark(head, encoding, path);
    yield { bytes: head.subarray(start), offset: start };
  }
}

async function* checkedUtf8(file: TextFile, chunks: AsyncIterable<TextChunk>): AsyncGenerator<TextChunk> {
  let rest: Uint8Array = new Uint8Array(0);
  let end = 0;
  for await (const { bytes: chunk, offset: start } of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const offset = start - rest.length;
    const cut = cutUtf8Bytes(bytes);
    const whole = bytes.subarray(0, bytes.length - cut);
    if (!isUtf8(whole)) throw await notUtf8(file, whole, offset);
    rest = bytes.subarray(bytes.length - cut);
    end = start + chunk.length;
    if (whole.length > 0) yield { bytes: whole, offset };
  }
  if (rest.length > 0) throw await notUtf8(file, rest, end - rest.length);
}

async function notUtf8(file: TextFile, bytes: Uint8Array, start: number): Promise<DataError> {
  const at = invalidUtf8At(bytes);
  const offset = start + at;
  const line = await lineOf(file, offset);
  const byte = bytes[at]!.toString(16).padStart(2, '0');
  const what = `is not valid UTF-8: byte 0x${byte} at ${offset}; ${advice}`;
  return new DataError(line === undefined ? what : `line ${line} ${what}`, { path: file.name, offset });
}

/** Number of the line that a byte lies in, unless a server does not give it again. Counted when needed only. */
async function lineOf(file: TextFile, offset: number): Promise<number | undefined> {
  let line = 1;
  let seen = 0;
  let last = 0;
  try {
    for await (const chunk of file.chunks()) {
      for (let at = 0; at < chunk.length && seen + at < offset; at++) {
        const byte = chunk[at]!;
        if (byte === 13 || (byte === 10 && last !== 13)) line++;
        last = byte;
      }
      seen += chunk.length;
      if (seen >= offset) break;
    }
  } catch (cause) {
    // What is wrong with the text matters more.
    if (!DataError.isInstance(cause)) throw cause;
    return undefined;
  }
  return line;
}

async function* decoded(file: TextFile, encoding: string, chunks: AsyncIterable<TextChunk>): AsyncGenerator<TextChunk> {
  const { name: path } = file;
  let offset = 0;
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  let end = 0;
  for await (const { bytes: chunk, offset: start } of chunks) {
    let bytes: Uint8Array;
    if (encoding === 'windows-1252') bytes = windows1252ToUtf8(chunk);
    else {
      try {
        bytes = Buffer.from(decoder.decode(chunk, { stream: true }));
      } catch (cause) {
        const at = await undecodableAt(file, encoding, start);
        throw new DataError(`is not valid ${encoding}: byte ${at}; ${advice}`, { path, offset: at, cause });
      }
    }
    end = start + chunk.length;
    if (bytes.length > 0) yield { bytes, offset };
    offset += bytes.length;
  }
  try {
    decoder.decode();
  } catch (cause) {
    throw new DataError(`ends within a character of ${encoding}; fetch the file again, or ${advice}`, {
      path,
      offset: end,
      cause,
    });
  }
}

/** Byte with which decoding fails, read anew byte by byte from the chunk that was refused. */
async function undecodableAt(file: TextFile, encoding: string, refused: number): Promise<number> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  for await (const { bytes, offset } of withoutMark(file, encoding, Infinity)) {
    if (offset < refused) {
      decoder.decode(bytes, { stream: true });
      continue;
    }
    for (let at = 0; at < bytes.length; at++) {
      try {
        decoder.decode(bytes.subarray(at, at + 1), { stream: true });
      } catch {
        return offset + at;
      }
    }
  }
  return refused;
}

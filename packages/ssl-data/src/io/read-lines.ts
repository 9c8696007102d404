import { DataError } from '@selfsup/ssl-core';
import { textChunks, type TextOptions } from './text-chunks.js';
import { textFile } from './text-file.js';

export interface LineOptions extends TextOptions {
  /** Function that has these options, for messages. */
  readonly where: string;
  /** Longest line, bytes without its end, as UTF-8. */
  readonly maxLineBytes: number;
  /** Also give lines of white space and control characters alone. Default false. */
  readonly keepBlank?: boolean;
}

/** A line's place in its file. */
export interface LinePlace {
  /** Path, or a URL without its query. */
  readonly path: string;
  /** Number of the line, or of the row in Parquet, 1-based. */
  readonly line: number;
  /**
   * First byte of the line after decompression; of the text as UTF-8 where the file has another encoding. In Parquet of the
   * page with the row.
   */
  readonly offset: number;
}

/** An error about one line. */
export function lineError({ path, line, offset }: LinePlace, problem: string, cause?: unknown): DataError {
  return new DataError(`line ${line} ${problem}`, { path, offset, cause });
}

/** An error about one row of Parquet. */
export function rowError({ path, line, offset }: LinePlace, problem: string): DataError {
  return new DataError(`row ${line} ${problem}`, { path, offset });
}

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Reads a text file line by line; plain, gzip or Zstandard. Line ends are `\n`, `\r\n` and `\r`, as Python's; form feeds,
 * U+0085, U+2028 and U+2029 are characters of a line. A byte order mark is dropped.
 *
 * @param onLine gets each line as valid UTF-8 that is good until it returns
 * @throws DataError when the file is missing, damaged, beyond a limit or not valid in its encoding, InvalidOptionError for
 *   an unknown encoding, and what `onLine` throws
 */
export async function readLines(
  location: string,
  { maxLineBytes, keepBlank = false, where, ...text }: LineOptions,
  onLine: (bytes: Uint8Array, place: LinePlace) => void,
): Promise<void> {
  const path = textFile(location, text.http).name;
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let line = 0;
  /** Start of the current line. */
  let offset = 0;
  /** The last chunk ended in a carriage return: a line feed that comes next belongs to it. */
  let returned = false;

  function end(last: Uint8Array): void {
    const whole = restBytes === 0 ? last : Buffer.concat([...rest, last], restBytes + last.length);
    rest = [];
    restBytes = 0;
    const place = { path, line: ++line, offset };
    refuseLong(place, whole.length, maxLineBytes);
    if (keepBlank || hasText(whole)) onLine(whole, place);
  }

  for await (const { bytes, offset: at } of textChunks(location, text, where)) {
    const length = bytes.length;
    let start: number = returned && bytes[0] === lineFeed ? 1 : 0;
    returned = false;
    const endLine = (newline: number): void => {
      start = newline + 1;
      if (bytes[newline] !== carriageReturn) return;
      if (start === length) returned = true;
      else if (bytes[start] === lineFeed) start++;
    };
    let feed = bytes.indexOf(lineFeed, start);
    let back = bytes.indexOf(carriageReturn, start);
    for (;;) {
      if (restBytes === 0 && !keepBlank) {
        const blank = blankLines(bytes, start);
        if (blank.lines > 0) {
          line += blank.lines;
          start = blank.end;
          returned = start === length && bytes[length - 1] === carriageReturn;
        }
      }
      if (restBytes === 0) offset = at + start;
      if (feed >= 0 && feed < start) feed = bytes.indexOf(lineFeed, start);
      if (back >= 0 && back < start) back = bytes.indexOf(carriageReturn, start);
      const newline = feed < 0 ? back : back < 0 ? feed : Math.min(feed, back);
      if (newline < 0) break;
      end(bytes.subarray(start, newline));
      endLine(newline);
    }
    if (start === length) continue;
    rest.push(bytes.subarray(start));
    restBytes += length - start;
    refuseLong({ path, line: line + 1, offset }, restBytes, maxLineBytes);
  }
  if (restBytes > 0) end(new Uint8Array(0));
}

/** Blank lines from the start of one on, and where the next line begins: a look at each byte, of which there may be billions. */
function blankLines(bytes: Uint8Array, start: number): { readonly lines: number; readonly end: number } {
  const { length } = bytes;
  let [lines, end] = [0, start];
  for (let at = start; at < length; at++) {
    const byte = bytes[at]!;
    if (byte > 32) break;
    if (byte !== lineFeed && byte !== carriageReturn) continue;
    if (byte === carriageReturn && bytes[at + 1] === lineFeed) at++;
    lines++;
    end = at + 1;
  }
  return { lines, end };
}

function refuseLong(place: LinePlace, length: number, maxLineBytes: number): void {
  if (length > maxLineBytes)
    throw lineError(place, `has ${length} bytes, the limit is ${maxLineBytes}; raise maxLineBytes or split the line`);
}

/** Whether a line has more than white space and control characters. */
function hasText(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte > 32) return true;
  return false;
}

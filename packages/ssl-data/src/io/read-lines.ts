import { DataError } from 'ssl-core';
import { openChunked } from './read-chunks.js';

export interface LineLimits {
  /** Longest line, bytes without its end. */
  readonly maxLineBytes: number;
  /** Largest text, bytes after decompression. */
  readonly maxBytes: number;
}

/** A line's place in its file. */
export interface LinePlace {
  readonly path: string;
  /** Number of the line, 1-based. */
  readonly line: number;
  /** First byte of the line after decompression. */
  readonly offset: number;
}

/** An error about one line. */
export function lineError({ path, line, offset }: LinePlace, problem: string, cause?: unknown): DataError {
  return new DataError(`line ${line} ${problem}`, { path, offset, cause });
}

/**
 * Reads a text file line by line; plain, gzip or Zstandard. Line ends are `\n` and `\r\n`, a byte order mark is dropped.
 *
 * @param onLine gets each line as bytes that are good until it returns
 * @throws DataError when the file is missing, damaged or beyond a limit, and what `onLine` throws
 */
export async function readLines(
  path: string,
  { maxLineBytes, maxBytes }: LineLimits,
  onLine: (bytes: Uint8Array, place: LinePlace) => void,
): Promise<void> {
  const file = await openChunked(path);
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let line = 0;
  /** Start of the current line. */
  let offset = 0;
  let total = 0;

  function end(last: Uint8Array): void {
    const whole = restBytes === 0 ? last : Buffer.concat([...rest, last], restBytes + last.length);
    rest = [];
    restBytes = 0;
    const place = { path, line: ++line, offset };
    const start = line === 1 && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf ? 3 : 0;
    const stop = whole.at(-1) === 13 ? whole.length - 1 : whole.length;
    refuseLong(place, stop - start, maxLineBytes);
    onLine(whole.subarray(start, Math.max(start, stop)), place);
    offset += whole.length + 1;
  }

  for await (const chunk of file.chunks()) {
    total += chunk.length;
    if (total > maxBytes)
      throw new DataError(`is larger than ${maxBytes} bytes; raise maxBytes or split the file`, {
        path,
        offset: maxBytes,
      });
    let start = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, start)) {
      end(chunk.subarray(start, newline));
      start = newline + 1;
    }
    if (start === chunk.length) continue;
    rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    // Byte order mark and carriage return do not count.
    if (restBytes > maxLineBytes + 4) refuseLong({ path, line: line + 1, offset }, restBytes, maxLineBytes);
  }
  if (restBytes > 0) end(new Uint8Array(0));
}

function refuseLong(place: LinePlace, length: number, maxLineBytes: number): void {
  if (length > maxLineBytes)
    throw lineError(place, `has ${length} bytes, the limit is ${maxLineBytes}; raise maxLineBytes or split the line`);
}

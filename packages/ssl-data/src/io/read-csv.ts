import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import type { DataError } from '@selfsup/ssl-core';
import { type LineOptions, type LinePlace, lineError } from './read-lines.js';
import { textChunks } from './text-chunks.js';

/**
 * Reads a table with separated columns, quoted as in RFC 4180; plain, gzip or Zstandard. Blank lines are passed over.
 * Rows end in `\n`, `\r\n` or `\r`.
 *
 * @param delimiter one character
 * @param onRow gets each row, the header included; its line is where it ends, as quoted columns may hold line ends
 * @throws DataError when the file is missing, damaged, beyond a limit, not valid in its encoding or no such table,
 *   InvalidOptionError for an unknown encoding, and what `onRow` throws
 */
export async function readCsv(
  path: string,
  delimiter: string,
  { maxLineBytes, where, ...text }: LineOptions,
  onRow: (row: readonly string[], place: LinePlace) => void,
): Promise<void> {
  /** Where the last row ended. */
  let rowEnd = 0;
  /** Bytes of the mark, which the parser does not see. */
  let first: number | undefined;
  /** Empty lines that the parser has passed over, and up to where they were seen: no row was open between them. */
  let emptyLines = 0;
  let idleUntil = 0;
  const parser = parse({
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    // In characters, of which there are never more than bytes.
    max_record_size: maxLineBytes,
    skip_empty_lines: true,
    on_record(row: string[], info) {
      onRow(row, { path, line: info.lines, offset: rowEnd });
      rowEnd = (first ?? 0) + info.bytes;
      // Nothing is kept in the stream.
      return null;
    },
  });
  async function* bounded(): AsyncGenerator<Uint8Array> {
    for await (const { bytes, offset } of textChunks(path, text, where)) {
      rowEnd += first === undefined ? (first = offset) : 0;
      // The parser is done with what came before. It does not count columns that are empty.
      if (parser.info.empty_lines > emptyLines) idleUntil = offset;
      emptyLines = parser.info.empty_lines;
      if (offset - Math.max(rowEnd, idleUntil) > maxLineBytes)
        throw longRow(path, parser.info.lines, rowEnd, maxLineBytes);
      yield bytes;
    }
  }
  try {
    await pipeline(bounded(), parser.resume());
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = Number(cause['lines']);
    if (cause.code === 'CSV_MAX_RECORD_SIZE') throw longRow(path, line, rowEnd, maxLineBytes);
    throw lineError(
      { path, line, offset: rowEnd },
      `is no row of the table (${cause.message}); write quotes in quoted columns twice`,
      cause,
    );
  }
}

function longRow(path: string, line: number, offset: number, maxLineBytes: number): DataError {
  return lineError(
    { path, line, offset },
    `is in a row of more than ${maxLineBytes} bytes; look for a quote without its end and for blank lines, or raise maxLineBytes`,
  );
}

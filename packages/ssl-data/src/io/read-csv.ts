import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import { DataError } from 'ssl-core';
import { openChunked } from './read-chunks.js';
import { type LineLimits, type LinePlace, lineError } from './read-lines.js';

/**
 * Reads a table with separated columns, quoted as in RFC 4180; plain, gzip or Zstandard. Blank lines are passed over.
 *
 * @param delimiter one character
 * @param onRow gets each row, the header included; its line is where it ends, as quoted columns may hold line ends
 * @throws DataError when the file is missing, damaged, beyond a limit or no such table, and what `onRow` throws
 */
export async function readCsv(
  path: string,
  delimiter: string,
  { maxLineBytes, maxBytes }: LineLimits,
  onRow: (row: readonly string[], place: LinePlace) => void,
): Promise<void> {
  const file = await openChunked(path);
  /** Where the last row ended. */
  let rowEnd = 0;
  const parser = parse({
    bom: true,
    delimiter,
    // In characters, of which there are never more than bytes.
    max_record_size: maxLineBytes,
    skip_empty_lines: true,
    on_record(row: string[], info) {
      onRow(row, { path, line: info.lines, offset: rowEnd });
      rowEnd = info.bytes;
      // Nothing is kept in the stream.
      return null;
    },
  });
  async function* bounded(): AsyncGenerator<Uint8Array> {
    let total = 0;
    for await (const chunk of file.chunks()) {
      // The parser is done with what came before. It does not count columns that are empty.
      if (total - rowEnd > maxLineBytes) throw longRow(path, parser.info.lines, rowEnd, maxLineBytes);
      total += chunk.length;
      if (total > maxBytes)
        throw new DataError(`is larger than ${maxBytes} bytes; raise maxBytes or split the file`, {
          path,
          offset: maxBytes,
        });
      yield chunk;
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

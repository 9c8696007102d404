import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { lineText } from './parse-json-line.js';
import { type LinePlace, readLines } from './read-lines.js';

/** Options of {@link readTextLines}. */
export interface ReadTextLinesOptions {
  /**
   * Encoding of the file, by a name that TextDecoder knows: `utf-16le`, `windows-1252` (which `latin1` means there),
   * `shift_jis`. Default `utf-8`.
   */
  readonly encoding?: string;
  /** Longest line, bytes without its end, as UTF-8. Default 1 MiB. */
  readonly maxLineBytes?: number;
  /** Largest text, bytes after decompression. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Also give lines of white space and control characters alone. Default false. */
  readonly keepBlank?: boolean;
  /** Function that has these options, named where the encoding is unknown. Default `readTextLines`. */
  readonly where?: string;
}

const readTextLinesOptionNames: OptionNames<ReadTextLinesOptions> = {
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
  keepBlank: 'optionalFlag',
  where: 'optional',
};

/**
 * Reads a text file line by line, plain, gzip or Zstandard. Line ends are `\n`, `\r\n` and `\r`, as Python's; form feeds,
 * U+0085, U+2028 and U+2029 are characters of a line. A byte order mark is dropped. The file is not held in memory.
 *
 * @param onLine gets each line and where it lies
 * @throws DataError when the file is missing, damaged, beyond a limit or not valid in its encoding, with the byte;
 *   InvalidOptionError for an unknown encoding; and what `onLine` throws
 */
export async function readTextLines(
  path: string,
  options: ReadTextLinesOptions,
  onLine: (text: string, place: LinePlace) => void,
): Promise<void> {
  const {
    maxLineBytes = 2 ** 20,
    maxBytes = 2 ** 31,
    where = 'readTextLines',
    ...more
  } = checkOptions('readTextLines', options, readTextLinesOptionNames);
  await readLines(path, { ...more, maxLineBytes, maxBytes, where }, (bytes, place) => onLine(lineText(bytes), place));
}

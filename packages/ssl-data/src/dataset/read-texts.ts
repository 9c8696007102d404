import { checkChoice, checkCount, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-core';
import { jsonLineText } from '../io/json-line-text.js';
import { lineText } from '../io/parse-json-line.js';
import { type LineOptions, type LinePlace, readLines } from '../io/read-lines.js';
import { refuseStandIn, standInBytes } from '../io/stand-in.js';
import { checkHttpOptions, httpOptionNames, type HttpOptions } from '../webdataset/http-source.js';
import type { LeftOut } from './left-out.js';
import { textForm, textPlaces } from './text-places.js';

/** Options of {@link readTexts}. */
export interface ReadTextsOptions {
  /** What is one text of a `.txt` file: a line, or lines up to a blank one, joined by spaces. Default `line`. */
  readonly unit?: 'line' | 'paragraph';
  /** What holds the text: a member of each line's object in `.jsonl` and `.ndjson`, a column in `.parquet`. Default `text`. */
  readonly field?: string;
  /**
   * Encoding of the files but `.parquet`, by a name that TextDecoder knows. Default `utf-8`, and text in another one is an
   * error.
   */
  readonly encoding?: string;
  /** Longest line, bytes, and longest page of Parquet. Default 256 MiB, as some corpora are one line. */
  readonly maxLineBytes?: number;
  /** Largest file, bytes after decompression. Default 1 TiB. */
  readonly maxBytes?: number;
  /** How servers are asked. */
  readonly http?: HttpOptions;
  /** Function that has these options, for messages. Default `readTexts`. */
  readonly where?: string;
  /** What `path` is called there. Default `path`. */
  readonly option?: string;
}

const readTextsOptionNames: OptionNames<ReadTextsOptions> = {
  unit: 'optional',
  field: 'optional',
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
  http: 'optional',
  where: 'optional',
  option: 'optional',
};

/** What {@link readTexts} has read. */
export interface TextsRead {
  /** Files, in the order in which they were read. */
  readonly files: number;
  readonly texts: number;
  /** Files of the folder that are none of text, by kind. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads texts of files: `.txt`, one text a line or paragraph; `.jsonl` or `.ndjson`, one in the object of each line; plain,
 * gzip or Zstandard; and `.parquet`, one in each row. Of a folder they are read with its sub-folders, in the order of the
 * sorted paths. Blank texts and nulls are passed over. Nothing is held in memory but the line or page at hand.
 *
 * A file on a server is read as it comes. A connection that breaks is taken up where it broke, a few times.
 *
 * @param path a folder, a file, which may have any other ending if its lines are texts, an http: or https: address of a
 *   file, or a list of these, read one after the other
 * @param onText gets each text and where it lies
 * @throws DataError for what is missing, unreadable, damaged or not valid in its encoding, with the line or row and byte;
 *   for a folder without such files, a Parquet file without that column of texts, and where there is no text; for a server
 *   that does not give the file, or not in time; and what `onText` throws
 *
 * @example
 * const texts: string[] = [];
 * await readTexts('notes', {}, (text) => texts.push(text));
 */
export async function readTexts(
  path: string | URL | readonly (string | URL)[],
  options: ReadTextsOptions,
  onText: (text: string, place: LinePlace) => void,
): Promise<TextsRead> {
  const { where = 'readTexts', option = 'path', ...given } = checkOptions('readTexts', options, readTextsOptionNames);
  const { unit = 'line', field = 'text', encoding = 'utf-8', maxLineBytes = 2 ** 28, maxBytes = 2 ** 40 } = given;
  checkChoice(where, 'unit', unit, ['line', 'paragraph']);
  checkCount(where, { maxLineBytes, maxBytes });
  const http = checkOptions(where, given.http ?? {}, httpOptionNames, 'http');
  checkHttpOptions(where, http);
  const limits = { encoding, maxLineBytes, maxBytes, where, http };
  let texts = 0;
  const add = (text: string, place: LinePlace): void => {
    if (!hasText(text)) return;
    texts++;
    onText(text, place);
  };
  const read = async (file: string): Promise<void> => {
    const form = textForm(file);
    if (form === 'parquet') {
      // Loaded where it is needed: it brings decompressors along.
      const { readParquetTexts } = await import('./read-parquet-texts.js');
      await readParquetTexts(file, { field, maxPageBytes: maxLineBytes, maxBytes }, http, add);
    } else if (form === 'json-lines')
      await readOwnLines(file, limits, (bytes, place) => add(jsonLineText(bytes, place, field), place));
    else if (unit === 'line') await readOwnLines(file, limits, (bytes, place) => add(lineText(bytes), place));
    else await readParagraphs(file, limits, add);
  };
  const places = await textPlaces(where, option, path);
  const { files, leftOut } = places;
  for (let index = 0; index < files; index++) await read(places.at(index));
  if (texts === 0)
    throw new DataError(`holds no text${places.isFile ? '' : ` in its ${files} files`}`, { path: places.name });
  return { files, texts, leftOut };
}

/** Whether a text has more than white space and control characters. */
const hasText = (text: string): boolean => /[^\0- ]/.test(text);

/** The lines of a file that is what its name says. */
async function readOwnLines(
  file: string,
  limits: LineOptions,
  onLine: (bytes: Uint8Array, place: LinePlace) => void,
): Promise<void> {
  let isFirst = true;
  await readLines(file, limits, (bytes, place) => {
    const head = bytes.subarray(0, standInBytes);
    if (isFirst && hasText(lineText(head))) {
      refuseStandIn(head, place.path);
      isFirst = false;
    }
    onLine(bytes, place);
  });
}

async function readParagraphs(
  file: string,
  limits: LineOptions,
  add: (text: string, place: LinePlace) => void,
): Promise<void> {
  let lines: string[] = [];
  let start: LinePlace | undefined;
  const end = (): void => {
    if (start !== undefined) add(lines.join(' '), start);
    [lines, start] = [[], undefined];
  };
  await readOwnLines(file, { ...limits, keepBlank: true }, (bytes, place) => {
    const line = lineText(bytes).trim();
    if (!hasText(line)) end();
    else {
      start ??= place;
      lines.push(line);
    }
  });
  end();
}

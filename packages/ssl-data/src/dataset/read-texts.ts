import { join } from 'node:path';
import { checkChoice, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-core';
import { checkPath, isFolder } from '@selfsup/ssl-core/files';
import { jsonLineText } from '../io/json-line-text.js';
import { lineText } from '../io/parse-json-line.js';
import { type LineOptions, type LinePlace, readLines } from '../io/read-lines.js';
import { type LeftOut, leftOutText } from './left-out.js';
import { listFiles } from './list-files.js';
import { stringAt } from './string-table.js';

/** Options of {@link readTexts}. */
export interface ReadTextsOptions {
  /** What is one text of a `.txt` file: a line, or lines up to a blank one, joined by spaces. Default `line`. */
  readonly unit?: 'line' | 'paragraph';
  /** Member of each line's object that holds the text, in `.jsonl` and `.ndjson` files. Default `text`. */
  readonly field?: string;
  /** Encoding of the files, by a name that TextDecoder knows. Default `utf-8`, and text in another one is an error. */
  readonly encoding?: string;
  /** Longest line, bytes. Default 256 MiB, as some corpora are one line. */
  readonly maxLineBytes?: number;
  /** Largest file, bytes after decompression. Default 1 TiB. */
  readonly maxBytes?: number;
}

const readTextsOptionNames: OptionNames<ReadTextsOptions> = {
  unit: 'optional',
  field: 'optional',
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
};

/** What {@link readTexts} has read. */
export interface TextsRead {
  /** Files, in the order in which they were read. */
  readonly files: number;
  readonly texts: number;
  /** Files of the folder that are none of text, by kind. */
  readonly leftOut: readonly LeftOut[];
}

const textFiles = /\.(?:txt|jsonl|ndjson)(?:\.(?:gz|zst|zstd))?$/i;
const jsonLines = /\.(?:jsonl|ndjson)(?:\.(?:gz|zst|zstd))?$/i;
/** Of a file that is named by itself, these hold text in a form that lines would spoil. */
const otherForms = /\.(?:json|csv|tsv|parquet|pdf|docx?|html?|xml|zip|tar)(?:\.(?:gz|zst|zstd))?$/i;

/**
 * Reads the texts of a folder, with its sub-folders and in the order of the sorted paths, or of one file: `.txt`, one text
 * a line or paragraph, and `.jsonl` or `.ndjson`, one in the object of each line; plain, gzip or Zstandard. Blank texts are
 * passed over. Nothing is held in memory but the line at hand.
 *
 * @param path folder, or a file, which may have any other ending if its lines are texts
 * @param onText gets each text and where it lies
 * @throws DataError for what is missing, unreadable, damaged or not valid in its encoding, with the line and byte; for a
 *   folder without such files, and where they hold no text; and what `onText` throws
 *
 * @example
 * const texts: string[] = [];
 * await readTexts('notes', {}, (text) => texts.push(text));
 */
export async function readTexts(
  path: string,
  options: ReadTextsOptions,
  onText: (text: string, place: LinePlace) => void,
): Promise<TextsRead> {
  const where = 'readTexts';
  const given = checkOptions(where, options, readTextsOptionNames);
  checkPath(where, 'path', path);
  const { unit = 'line', field = 'text', encoding = 'utf-8', maxLineBytes = 2 ** 28, maxBytes = 2 ** 40 } = given;
  checkChoice(where, 'unit', unit, ['line', 'paragraph']);
  const limits = { encoding, maxLineBytes, maxBytes, where };
  let texts = 0;
  const add = (text: string, place: LinePlace): void => {
    if (!hasText(text)) return;
    texts++;
    onText(text, place);
  };
  const read = (file: string): Promise<void> =>
    jsonLines.test(file)
      ? readLines(file, limits, (bytes, place) => add(jsonLineText(bytes, place, field), place))
      : unit === 'line'
        ? readLines(file, limits, (bytes, place) => add(lineText(bytes), place))
        : readParagraphs(file, limits, add);
  if (!(await isFolder(path))) {
    if (otherForms.test(path))
      throw new DataError(
        'is no file of texts by its ending; write .txt, one text a line, or .jsonl, one object a line',
        {
          path,
        },
      );
    await read(path);
    if (texts === 0) throw new DataError('holds no text', { path });
    return { files: 1, texts, leftOut: [] };
  }
  const { paths, leftOut } = await listFiles(path, { wanted: textFiles });
  const files = paths.lengths.length;
  if (files === 0) {
    const found = leftOut.length === 0 ? '' : `, and found ${leftOutText(leftOut)} (such as ${leftOut[0]!.names[0]!})`;
    throw new DataError(
      `holds no files of texts; looked for .txt .jsonl .ndjson, also compressed, here and in sub-folders${found}`,
      { path },
    );
  }
  for (let index = 0; index < files; index++) await read(join(path, stringAt(paths, index)));
  if (texts === 0) throw new DataError(`holds no text in its ${files} files`, { path });
  return { files, texts, leftOut };
}

/** Whether a text has more than white space and control characters. */
const hasText = (text: string): boolean => /[^\0- ]/.test(text);

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
  await readLines(file, { ...limits, keepBlank: true }, (bytes, place) => {
    const line = lineText(bytes).trim();
    if (!hasText(line)) end();
    else {
      start ??= place;
      lines.push(line);
    }
  });
  end();
}

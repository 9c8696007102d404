import { checkPath } from '@selfsup/ssl-core/files';
import { checkOptions, DataError, type OptionNames } from '@selfsup/ssl-core';
import { jsonLineText } from '../io/json-line-text.js';
import { readLines } from '../io/read-lines.js';
import { checkIndex } from './check-index.js';
import type { Dataset } from './dataset.js';
import { stringAt, type StringTable } from './string-table.js';
import { StringTableBuilder } from './string-table-builder.js';
import { checkOpened } from './check-opened.js';

export interface TextLineOptions {
  /** Reads JSONL: the name of the member of each line's object that holds the text. Default: a line is the text. */
  readonly field?: string;
  /**
   * Encoding of the file, by a name that TextDecoder knows: `utf-16le`, `windows-1252` (which `latin1` means there),
   * `shift_jis`. Default `utf-8`, and text in another encoding is an error.
   */
  readonly encoding?: string;
  /** Longest line, bytes without its end. Default 1 MiB. */
  readonly maxLineBytes?: number;
  /** Largest text, bytes after decompression. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Keep texts that are empty or only white space. Default false. */
  readonly keepEmpty?: boolean;
}

const textLineOptionNames: OptionNames<TextLineOptions> = {
  field: 'optional',
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
  keepEmpty: 'optionalFlag',
};

/**
 * Texts of a file, one a line or one in the object of each line (JSONL); plain, gzip or Zstandard, told by the first
 * bytes. Held as bytes. Line ends are `\n`, `\r\n` and `\r`, as Python's.
 */
export class TextLineDataset implements Dataset<string> {
  readonly length: number;
  readonly #texts: StringTable;

  private constructor(texts: StringTable) {
    checkOpened('TextLineDataset', (texts as Partial<StringTable> | undefined)?.lengths !== undefined, texts);
    this.#texts = texts;
    this.length = texts.lengths.length;
  }

  /**
   * @throws DataError when the file is missing, damaged, beyond a limit, not valid in its encoding or without texts, and
   *   for a line of JSONL that is no object with a string in `field`; InvalidOptionError for an unknown encoding
   */
  static async open(path: string, options: TextLineOptions = {}): Promise<TextLineDataset> {
    checkOptions('TextLineDataset.open', options, textLineOptionNames);
    checkPath('TextLineDataset.open', 'path', path);
    const { field, encoding = 'utf-8', maxLineBytes = 2 ** 20, maxBytes = 2 ** 31, keepEmpty = false } = options;
    const texts = new StringTableBuilder();
    const keepBlank = keepEmpty && field === undefined;
    const lines = { encoding, maxLineBytes, maxBytes, keepBlank, where: 'TextLineDataset.open' };
    await readLines(path, lines, (bytes, place) => {
      if (field === undefined) return texts.addBytes(bytes);
      const text = jsonLineText(bytes, place, field);
      if (keepEmpty || /[^\0- ]/.test(text)) texts.add(text);
    });
    if (texts.length === 0) throw new DataError('holds no lines of text', { path });
    return new TextLineDataset(texts.finish());
  }

  get(index: number): string {
    checkIndex('TextLineDataset.get', index, this.length);
    return stringAt(this.#texts, index);
  }
}

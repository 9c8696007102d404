import { checkOptions, type OptionNames } from '@selfsup/ssl-core';
import { textChunks, type TextOptions } from './text-chunks.js';

/** Options of {@link readText}. */
export interface ReadTextOptions extends Omit<TextOptions, 'http'> {
  /** Function that has these options, named where the encoding is unknown. Default `readText`. */
  readonly where?: string;
}

const readTextOptionNames: OptionNames<ReadTextOptions> = {
  encoding: 'optional',
  maxBytes: 'requiredNumber',
  where: 'optional',
};

/**
 * The whole text of a file, plain, gzip or Zstandard, without byte order mark; line ends as they are.
 *
 * @throws DataError when the file is missing, damaged, larger than `maxBytes` or not valid in its encoding, with the byte;
 *   InvalidOptionError for an unknown encoding
 */
export async function readText(path: string, options: ReadTextOptions): Promise<string> {
  const { where = 'readText', ...text } = checkOptions('readText', options, readTextOptionNames);
  const chunks: Uint8Array[] = [];
  for await (const { bytes } of textChunks(path, text, where)) chunks.push(bytes);
  return Buffer.concat(chunks).toString('utf8');
}

import { openChunked } from '../io/read-chunks.js';

const delimiters = [',', ';', '\t', '|'];

/**
 * The character between the columns of a table, by its header: the usual one, unless the header has none of it and some
 * of exactly one other.
 *
 * @param usual of the format
 * @param maxBytes that are looked at
 * @throws DataError when the file is missing or damaged
 */
export async function tableDelimiter(path: string, usual: string, maxBytes: number): Promise<string> {
  const file = await openChunked(path);
  let head = '';
  for await (const chunk of file.chunks()) {
    head += Buffer.from(chunk.subarray(0, maxBytes - head.length)).toString('latin1');
    if (/[^\r\n][\r\n]/.test(head) || head.length >= maxBytes) break;
  }
  const bare = (/[^\r\n]+/.exec(head)?.[0] ?? '').replaceAll(/"[^"]*"/g, '');
  const others = delimiters.filter((delimiter) => delimiter !== usual && bare.includes(delimiter));
  return bare.includes(usual) || others.length !== 1 ? usual : others[0]!;
}

import { stat } from 'node:fs/promises';
import { readText } from 'ssl-data/text';
import { DataError } from 'ssl-tensor/host';

const maxBytes = 256 << 20;

/**
 * Reads a JSON file of a run.
 *
 * @returns the value, `undefined` where there is no such file
 * @throws DataError for a file that is too large or no JSON
 */
export async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new DataError(`has ${size} bytes, more than ${maxBytes}`, { path: file });
    text = await readText(file, { maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (DataError.isInstance(cause)) throw cause;
    throw new DataError(`cannot be read (${(cause as NodeJS.ErrnoException).code})`, { path: file, cause });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new DataError('is damaged: not valid JSON; delete it to have it made again', { path: file, cause });
  }
}

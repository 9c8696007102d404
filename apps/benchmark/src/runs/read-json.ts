import { DataError } from '@selfsup/ssl-core';
import { openRegularFile } from '@selfsup/ssl-core/files';
import { sealKey, sealOf } from './write-json.js';

const maxBytes = 256 << 20;

/**
 * Reads a JSON file of a run that `writeSealedJson` wrote.
 *
 * @returns the object without its checksum, `undefined` where there is no such file
 * @throws DataError for a file that is too large, no JSON, or not as it was written
 */
export async function readSealedJson(file: string): Promise<object | undefined> {
  const text = await readText(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError(`is damaged: not valid JSON; ${advice}`, { path: file, cause });
  }
  if (typeof value !== 'object' || value === null)
    throw new DataError(`is damaged: not what a run writes; ${advice}`, { path: file });
  const { [sealKey]: seal, ...content } = value as Record<string, unknown>;
  if (seal !== sealOf(content))
    throw new DataError(
      seal === undefined
        ? 'was not written by this version of ssl-benchmark; choose another folder'
        : `is damaged or was changed: its checksum does not hold; ${advice}`,
      { path: file },
    );
  return content;
}

const advice = 'fetch the folder again, or delete it and run again';

async function readText(file: string): Promise<string | undefined> {
  try {
    const handle = await openRegularFile(file, { maxBytes });
    try {
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw error;
  }
}

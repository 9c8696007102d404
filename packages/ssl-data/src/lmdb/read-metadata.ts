import { DataError } from '@selfsup/ssl-core';

const advice =
  'write the database anew with image bytes as values and metadata as JSON, as packLmdb does; ' +
  "in Python: txn.put(b'%08d' % i, open(file, 'rb').read())";

/**
 * A record of metadata, which must be JSON of the given form.
 *
 * @throws DataError when it is something else, such as a Python pickle
 */
export function readMetadata<T>(
  bytes: Uint8Array,
  key: string,
  form: (value: unknown) => value is T,
  expected: string,
  path: string,
): T {
  refusePickle(bytes, key, path);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError(`'${key}' is no JSON (what pickle or pyarrow wrote is not read); ${advice}`, { path, cause });
  }
  if (!form(value)) throw new DataError(`'${key}' is JSON, but not ${expected}; repair it`, { path });
  return value;
}

/**
 * Refuses a Python pickle (protocols 2 to 5), as ImageFolderLMDB and its relatives write them: pickles are programs.
 *
 * @throws DataError
 */
export function refusePickle(bytes: Uint8Array, key: string, path: string): void {
  if (bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5)
    throw new DataError(
      `'${key}' is a Python pickle (protocol ${bytes[1]}), which is not read as it can run code; ${advice}`,
      { path },
    );
}

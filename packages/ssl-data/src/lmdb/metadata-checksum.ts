import { createHash } from 'node:crypto';

/** Key of the checksum of keys and metadata that `packLmdb` writes. */
export const checksumKey = '__checksum__';

/**
 * Checksum of what says which sample is which: the samples' keys and the records about them.
 *
 * @param keys of the samples, in the order of their bytes
 * @param metadata records as they are stored, the checksum itself not among them, in the order of their keys
 * @returns SHA-256, hexadecimal
 */
export function metadataChecksum(
  keys: Iterable<Uint8Array>,
  metadata: Iterable<readonly [key: string, value: Uint8Array]>,
): string {
  const hash = createHash('sha256');
  const add = (bytes: Uint8Array): void => {
    // With its length, so that no two lists give the same bytes.
    hash.update(`${bytes.length}:`).update(bytes);
  };
  for (const key of keys) add(key);
  hash.update(';');
  for (const [key, value] of metadata) {
    add(Buffer.from(key));
    add(value);
  }
  return hash.digest('hex');
}

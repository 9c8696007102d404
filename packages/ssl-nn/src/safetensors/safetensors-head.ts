import { printable } from '@selfsup/ssl-core';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import { announcement, checksumName, checksumOf, mismatch, verifyHead } from './checksum.js';
import { parseHeader, prefixBytes, type TensorEntry } from './header.js';

/** Options of reading safetensors. */
export interface SafetensorsOptions {
  /** Refuse files with a longer header, in bytes. Default 16 MiB; the format allows 100,000,000. */
  readonly maxHeaderBytes?: number;
  /**
   * `verify` refuses a file that does not match the checksums in it; files without, as other tools write them, load as
   * they are. `ignore` loads any. Default `verify`.
   */
  readonly checksum?: 'verify' | 'ignore';
}

/** Names of {@link SafetensorsOptions}. */
export const safetensorsOptionNames: OptionNames<SafetensorsOptions> = {
  maxHeaderBytes: 'optionalNumber',
  checksum: 'optional',
};

/** What a file says before its data. */
export interface SafetensorsHead {
  readonly entries: readonly TensorEntry[];
  /** The writer's own, without checksums. */
  readonly metadata: Record<string, string>;
  /** Checksum of each tensor, undefined where there are none to check. */
  readonly sums: readonly string[] | undefined;
  /** Throws CheckpointError when the bytes of a tensor, by its place in `entries`, do not match their checksum. */
  verify(index: number, bytes: Uint8Array): void;
}

/**
 * Reads and checks what comes before the data.
 *
 * @param head the first bytes, up to the data
 * @param dataBytes length of the data
 * @throws CheckpointError when it is not valid or does not match its checksum
 */
export function readHead(
  head: Uint8Array,
  dataBytes: number,
  checksum: SafetensorsOptions['checksum'] = 'verify',
): SafetensorsHead {
  const { entries, metadata, checksums } = parseHeader(head.subarray(prefixBytes), dataBytes);
  const sums = checksum === 'ignore' ? undefined : verifyHead(head, metadata, checksums, entries.length);
  const names = [...metadata.keys()];
  // What an encoder of ours adds stands before the checksums; other programs have their own order.
  const own = new Set(
    sums === undefined ? [announcement[0], checksumName] : names.slice(0, names.indexOf(checksumName) + 1),
  );
  const kept: Record<string, string> = {};
  for (const [key, value] of metadata)
    if (!own.has(key))
      Object.defineProperty(kept, key, { value, enumerable: true, writable: true, configurable: true });
  const verify = (index: number, bytes: Uint8Array): void => {
    const { name } = entries[index]!;
    if (sums !== undefined && sums[index] !== checksumOf(bytes)) throw mismatch(`tensor '${printable(name)}'`, name);
  };
  return { entries, metadata: kept, sums, verify };
}

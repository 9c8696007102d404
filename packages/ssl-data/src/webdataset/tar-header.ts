import { isUtf8 } from 'node:buffer';
import { DataError } from '@selfsup/ssl-core';

/** Size of a header, and the unit to which members are padded. */
export const tarBlockBytes = 512;

/** What one header block of a tar archive says. */
export interface TarHeader {
  readonly name: string;
  /** Bytes of data that follow, without padding. */
  readonly size: number;
  /** Type flag; old archives' NUL is given as `0`. */
  readonly type: string;
}

/**
 * Reads a header block: ustar, old V7 and GNU (base-256 sizes).
 *
 * @param block 512 bytes
 * @param path archive, for messages
 * @param offset of the block in it
 * @returns `undefined` for a block of zeros, which ends an archive
 * @throws DataError when the checksum or a number is wrong
 * Source: POSIX.1-2017 pax, 'ustar interchange format'; GNU tar manual, 'Basic Tar Format'.
 */
export function parseTarHeader(block: Uint8Array, path: string, offset: number): TarHeader | undefined {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < tarBlockBytes; i++) {
    // The sums are over a header whose checksum is eight spaces.
    const byte = i >= 148 && i < 156 ? 32 : block[i]!;
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  if (unsigned === 8 * 32 && block.subarray(148, 156).every((byte) => byte === 0)) return undefined;
  const checksum = numberOf(block, 148, 8);
  // Some old archivers summed signed characters.
  if (checksum === undefined || (checksum !== unsigned && checksum !== signed)) {
    throw new DataError(
      offset === 0
        ? 'is no tar archive: it does not start with a tar header; check the path, and unpack compressed shards'
        : 'the checksum of a header is wrong: the archive is damaged; fetch it again',
      { path, offset },
    );
  }
  const size = numberOf(block, 124, 12);
  if (size === undefined)
    throw new DataError('a header has no valid size: the archive is damaged; fetch it again', { path, offset });
  const isUstar = block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74 && block[260] === 0x61;
  const name = textOf(block, 0, 100);
  // GNU tar has other fields where POSIX has the prefix, and a space after the magic word.
  const prefix = isUstar && block[261] === 0x72 && block[262] === 0 ? textOf(block, 345, 155) : '';
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type };
}

/** Bytes up to a NUL as text; names that are not UTF-8 are taken as Latin-1, so that different names stay different. */
export function textOf(bytes: Uint8Array, start: number, length: number): string {
  const field = bytes.subarray(start, start + length);
  const nul = field.indexOf(0);
  const used = Buffer.from(nul < 0 ? field : field.subarray(0, nul));
  return used.toString(isUtf8(used) ? 'utf8' : 'latin1');
}

/** An octal or base-256 number, or `undefined` when it is neither, negative or not safe. */
function numberOf(block: Uint8Array, start: number, length: number): number | undefined {
  if (block[start]! >= 0x80) {
    let value = block[start]! & 0x7f;
    for (let i = start + 1; i < start + length; i++) value = value * 256 + block[i]!;
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = Buffer.from(block.subarray(start, start + length)).toString('latin1');
  const match = /^ *([0-7]*)[ \0]*$/.exec(digits);
  return match === null ? undefined : Number.parseInt(`0${match[1]}`, 8);
}

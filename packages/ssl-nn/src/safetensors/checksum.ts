import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { crc32 } from './crc32.js';

/**
 * Metadata that announces a checksum. Two names, because a damaged name is the one thing that the checksum under it
 * cannot notice.
 */
export const announcement = ['ssl.checksum', 'crc32'] as const;

/**
 * Metadata with the checksums: CRC-32 as eight hexadecimal digits, first of all that comes before the data (with these
 * eight digits as zeros), then of each tensor in the order of the data.
 */
export const checksumName = 'ssl.crc32';

/** What stands for the first checksum while it is computed. */
export const blank = '00000000';

const form = /^[0-9a-f]{8}(?: [0-9a-f]{8})*$/;
const hex = (value: number): string => value.toString(16).padStart(8, '0');
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Checksum of some bytes, in pieces or whole. */
export function checksumOf(...pieces: readonly Uint8Array[]): string {
  return hex(pieces.reduce((value, piece) => crc32(piece, value), 0));
}

/**
 * Checksum of a file's head.
 *
 * @param at where the eight digits are that count as zeros
 */
export function headChecksum(head: Uint8Array, at: number): string {
  return checksumOf(head.subarray(0, at), ascii(blank), head.subarray(at + blank.length));
}

/** Writes the checksum of a head into it. */
export function sealHead(head: Uint8Array): void {
  const at = new TextDecoder('latin1').decode(head).indexOf(`"${checksumName}":"`) + checksumName.length + 4;
  head.set(ascii(headChecksum(head, at)), at);
}

/** The error for what does not match. */
export function mismatch(what: string, parameter?: string): CheckpointError {
  return new CheckpointError(
    `${what} does not match its checksum: the file is damaged, or another program changed it and kept the checksum. Fetch it again, or pass { checksum: 'ignore' } to load it as it is`,
    parameter === undefined ? {} : { parameter },
  );
}

/** Where a header's checksums are. */
export interface ChecksumPlace {
  readonly text: string;
  /** Of the first digit in the file. */
  readonly at: number;
}

/**
 * Checks a head and returns the checksums of the tensors.
 *
 * @param metadata as the header has it
 * @param place of its checksums, where it has any
 * @returns undefined for a file without checksums
 * @throws CheckpointError when the head does not match, or announces checksums and has none
 */
export function verifyHead(
  head: Uint8Array,
  metadata: ReadonlyMap<string, string>,
  place: ChecksumPlace | undefined,
  tensors: number,
): readonly string[] | undefined {
  if (place === undefined) {
    if (metadata.has(announcement[0])) throw mismatch('the header');
    return undefined;
  }
  const [own, ...rest] = place.text.split(' ');
  if (!form.test(place.text) || rest.length !== tensors || headChecksum(head, place.at) !== own)
    throw mismatch('the header');
  return rest;
}

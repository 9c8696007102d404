import { InvalidOptionError } from '@selfsup/ssl-core';
import { tarBlockBytes } from './tar-header.js';

const nameBytes = 100;
const prefixBytes = 155;
/** Largest size in eleven octal digits. */
const maxSize = 8 ** 11 - 1;

/** The two blocks of zeros that end an archive. */
export const tarEnd: Uint8Array = Buffer.alloc(2 * tarBlockBytes);

/**
 * Header blocks of a file: one ustar header, after a PAX header where the name does not fit one. Everything else is
 * fixed (time 0, user 0, mode 0444), so that the same members give the same archive.
 *
 * @throws InvalidOptionError for a file of 8 GiB and more
 * Source: POSIX.1-2017 pax, 'ustar interchange format' and 'pax extended header'.
 */
export function tarHeaderBlocks(name: string, size: number): Uint8Array {
  if (size > maxSize)
    throw new InvalidOptionError('WebDatasetWriter.write', name, `a member of at most ${maxSize} bytes`, size);
  const bytes = Buffer.from(name, 'utf8');
  const isAscii = bytes.every((byte) => byte < 128);
  const split = isAscii ? prefixLength(bytes) : undefined;
  if (split !== undefined)
    return header(bytes.subarray(0, split), bytes.subarray(split === 0 ? 0 : split + 1), size, '0');
  const record = paxRecord('path', bytes);
  const short = bytes.subarray(0, nameBytes);
  return Buffer.concat([
    header(Buffer.alloc(0), Buffer.from('PaxHeaders/path'), record.length, 'x'),
    record,
    Buffer.alloc(paddingOf(record.length)),
    header(Buffer.alloc(0), short, size, '0'),
  ]);
}

/** Zeros that follow a member's data. */
export function paddingOf(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;
}

/** Bytes of the prefix field: 0 for a short name, `undefined` when no slash stands in the right place. */
function prefixLength(name: Buffer): number | undefined {
  if (name.length <= nameBytes) return 0;
  const slash = name.indexOf(0x2f, name.length - nameBytes - 1);
  return slash > 0 && slash <= prefixBytes && slash < name.length - 1 ? slash : undefined;
}

function header(prefix: Uint8Array, name: Uint8Array, size: number, type: string): Buffer {
  const block = Buffer.alloc(tarBlockBytes);
  block.set(name, 0);
  const octal = (value: number, start: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'latin1');
  };
  octal(0o444, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.fill(0x20, 148, 156);
  block.write(type, 156, 'latin1');
  block.write('ustar', 257, 'latin1');
  block.write('00', 263, 'latin1');
  block.set(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `length key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

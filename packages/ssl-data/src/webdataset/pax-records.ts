import { isUtf8 } from 'node:buffer';
import { DataError } from '@selfsup/ssl-core';

/**
 * Reads the records of a PAX extended header, `length key=value\n` each.
 *
 * @param bytes data of the header's member
 * @param path archive, for messages
 * @param offset of the data in it
 * @returns values by key; of a key that comes twice, the last
 * @throws DataError when a record's length does not fit
 * Source: POSIX.1-2017 pax, 'pax extended header'.
 */
export function parsePaxRecords(bytes: Uint8Array, path: string, offset: number): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start < buffer.length;) {
    // Some writers pad with zeros.
    if (buffer[start] === 0) break;
    const space = buffer.indexOf(32, start);
    const digits = space < 0 || space - start > 10 ? '' : buffer.toString('latin1', start, space);
    const end = /^[1-9][0-9]*$/.test(digits) ? start + Number(digits) : 0;
    const equals = space < 0 ? -1 : buffer.indexOf(61, space);
    if (end > buffer.length || end <= space + 2 || buffer[end - 1] !== 10 || equals < 0 || equals >= end)
      throw new DataError('a PAX record is malformed: the archive is damaged; fetch it again', {
        path,
        offset: offset + start,
      });
    const value = buffer.subarray(equals + 1, end - 1);
    records.set(buffer.toString('utf8', space + 1, equals), value.toString(isUtf8(value) ? 'utf8' : 'latin1'));
    start = end;
  }
  return records;
}

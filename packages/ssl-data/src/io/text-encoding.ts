import { DataError, InvalidOptionError } from '@selfsup/ssl-core';

/** Byte order marks, longer ones first: that of UTF-32 LE begins as that of UTF-16 LE. */
const marks = [
  { encoding: 'utf-32le', bytes: [0xff, 0xfe, 0, 0] },
  { encoding: 'utf-32be', bytes: [0, 0, 0xfe, 0xff] },
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const;

/** Most bytes of a byte order mark. */
export const longestMark = 4;

/** How many bytes are looked at for UTF-16 without a byte order mark. */
const sniffedBytes = 4096;

/**
 * The name that TextDecoder has for an encoding: `latin1` is `windows-1252`, `utf-16` is `utf-16le`.
 *
 * @param where function that has the option, for the message
 * @throws InvalidOptionError for an encoding that TextDecoder does not know
 */
export function canonicalEncoding(where: string, encoding: string): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).encoding;
  } catch {
    throw new InvalidOptionError(
      where,
      'encoding',
      "one that TextDecoder knows, such as 'utf-8', 'utf-16le', 'windows-1252' or 'shift_jis'",
      encoding,
    );
  }
}

/**
 * Length of the byte order mark that a text begins with, 0 without one.
 *
 * @param head the first bytes, {@link sniffedBytes} or all there are
 * @param encoding canonical name of the encoding that was asked for
 * @throws DataError when the text is told to be in another encoding, by its mark or by the zero bytes of UTF-16
 */
export function checkMark(head: Uint8Array, encoding: string, path: string): number {
  const mark = marks.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte));
  // A text in UTF-16 whose first character is NUL is stranger than one in UTF-32.
  if (mark !== undefined && mark.encoding !== encoding) {
    const hex = mark.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const name = mark.encoding.toUpperCase();
    const advice =
      mark.encoding === 'utf-8'
        ? `leave encoding '${encoding}' out`
        : mark.encoding.startsWith('utf-32')
          ? 'convert the file to UTF-8'
          : `pass encoding: '${mark.encoding}', or convert the file to UTF-8`;
    throw new DataError(`begins with ${hex}, the byte order mark of ${name}; ${advice}`, { path, offset: 0 });
  }
  if (mark !== undefined) return mark.bytes.length;
  if (encoding === 'utf-8') refuseZeros(head.subarray(0, sniffedBytes), path);
  return 0;
}

/** Latin letters in UTF-16 are every other byte 0, which is valid UTF-8. */
function refuseZeros(head: Uint8Array, path: string): void {
  const zeros = [0, 0];
  for (let at = 0; at < head.length; at++) if (head[at] === 0) zeros[at & 1]!++;
  const half = head.length >> 1;
  // Half of the characters at least, and next to none on the other side, where a binary file has some.
  const odd = 2 * zeros[1]! >= half && zeros[1]! > 8 * zeros[0]!;
  const even = 2 * zeros[0]! >= half && zeros[0]! > 8 * zeros[1]!;
  if (half === 0 || (!odd && !even)) return;
  const encoding = odd ? 'utf-16le' : 'utf-16be';
  throw new DataError(
    `has a zero in every other byte, as text in ${encoding.toUpperCase()} without a byte order mark; pass encoding: '${encoding}', or convert the file to UTF-8`,
    { path, offset: head.indexOf(0) },
  );
}

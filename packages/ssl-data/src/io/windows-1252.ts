/** The characters of 0x80 to 0x9f in windows-1252; the other bytes are the code points of the same number. */
const c1 = Array.from(
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
    '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178',
);
const utf8 = Array.from({ length: 128 }, (_, high) => Buffer.from(c1[high] ?? String.fromCharCode(0x80 + high)));

/**
 * Bytes in windows-1252 as UTF-8. Written out because some versions of Node take 0x80 to 0x9f for control characters.
 *
 * Source: https://encoding.spec.whatwg.org/#windows-1252
 */
export function windows1252ToUtf8(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(3 * bytes.length);
  let written = 0;
  for (const byte of bytes) {
    if (byte < 0x80) result[written++] = byte;
    else for (const part of utf8[byte - 0x80]!) result[written++] = part;
  }
  return result.subarray(0, written);
}

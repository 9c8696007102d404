import { expect, it } from 'vitest';
import { crc32c, maskedCrc32c } from './crc32c.js';

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);

// RFC 3720, appendix B.4, and the check value of the polynomial.
it.each([
  ['zeros', new Uint8Array(32), 0x8a9136aa],
  ['ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['ascending', ascending, 0x46dd794e],
  ['descending', ascending.toReversed(), 0x113fdb5c],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
])('of %s', (_, bytes, crc) => {
  expect(crc32c(bytes)).toBe(crc);
});

// By `masked_crc32c` of TensorBoard 2.21.0.
it.each([
  ['the length of a record of 24 bytes', Uint8Array.of(24, 0, 0, 0, 0, 0, 0, 0), 0x224b7fa3],
  ['nothing', new Uint8Array(0), 0xa282ead8],
  ['123456789', Buffer.from('123456789'), 0xc78ab0e5],
  ['zeros', new Uint8Array(32), 0x0fd7fffa],
])('masked, of %s', (_, bytes, crc) => {
  expect(maskedCrc32c(bytes)).toBe(crc);
});

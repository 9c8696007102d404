import { DataError } from '@selfsup/ssl-core';

/**
 * Numbers in Parquet's hybrid of runs and bit-packed groups of eight.
 *
 * @param width bits of a number, 0..32
 * @returns `[count]`
 * @throws DataError when the bytes end before
 * Source: Parquet format, Encodings.md, RLE = 3.
 */
export function rleHybrid(bytes: Uint8Array, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  if (width === 0) return values;
  if (width > 32) throw new DataError(`numbers of ${width} bits`);
  let at = 0;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new DataError('a list of numbers ends too early');
    return value;
  };
  for (let seen = 0; seen < count;) {
    let head = 0;
    for (let shift = 0, next = 128; next >= 128; shift += 7) {
      if (shift > 28) throw new DataError('a run has a length without end');
      next = byte();
      head += (next & 127) * 2 ** shift;
    }
    const isPacked = head % 2 === 1;
    const length = Math.min(Math.floor(head / 2) * (isPacked ? 8 : 1), count - seen);
    if (isPacked) {
      const end = at + Math.floor(head / 2) * width;
      let [bits, held] = [0, 0];
      for (let index = 0; index < length; index++) {
        // 32 + 7 bits at most, which a double holds.
        for (; held < width; held += 8) bits += byte() * 2 ** held;
        values[seen++] = bits % 2 ** width;
        bits = Math.floor(bits / 2 ** width);
        held -= width;
      }
      at = end;
    } else {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value += byte() * 2 ** shift;
      values.fill(value, seen, seen + length);
      seen += length;
    }
  }
  return values;
}

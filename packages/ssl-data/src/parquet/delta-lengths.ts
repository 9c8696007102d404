import { DataError } from '@selfsup/ssl-core';

/**
 * Numbers in Parquet's delta encoding, such as the lengths of texts: differences in blocks, each with the least of its
 * differences and what is above it, bit-packed in parts of a width of their own.
 *
 * @param count how many there must be
 * @returns `[count]`, and the place after them
 * @throws DataError when the bytes end before, or there are others than `count`
 * Source: Parquet format, Encodings.md, DELTA_BINARY_PACKED = 5.
 */
export function deltaLengths(bytes: Uint8Array, count: number): { readonly values: Int32Array; readonly end: number } {
  let at = 0;
  const byte = (): number => {
    const value = bytes[at++];
    if (value === undefined) throw new DataError('a list of lengths ends too early');
    return value;
  };
  const unsigned = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const next = byte();
      value += (next & 127) * 2 ** shift;
      if (next < 128) return value;
    }
    throw new DataError('a list of lengths has a number without end');
  };
  const signed = (): number => {
    const value = unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  const [blockValues, parts, total] = [unsigned(), unsigned(), unsigned()];
  const partValues = blockValues / parts;
  if (total !== count) throw new DataError(`a page has ${total} lengths for ${count} values`);
  if (!Number.isInteger(partValues) || partValues % 8 !== 0 || partValues === 0)
    throw new DataError('a list of lengths has blocks of no known size');
  const values = new Int32Array(count);
  let last = signed();
  if (count > 0) values[0] = last;
  for (let seen = 1; seen < count;) {
    const least = signed();
    const widths = bytes.subarray(at, at + parts);
    at += parts;
    for (let part = 0; part < parts && seen < count; part++) {
      const width = widths[part] ?? 255;
      if (width > 32) throw new DataError('a list of lengths ends too early, or has differences of more than 32 bits');
      const end = at + (partValues / 8) * width;
      let [bits, held] = [0, 0];
      for (let index = 0; index < partValues && seen < count; index++) {
        // 32 + 7 bits at most, which a double holds.
        for (; held < width; held += 8) bits += byte() * 2 ** held;
        // Lengths are of 32 bits, and so are sums.
        last = (last + least + (bits % 2 ** width)) | 0;
        values[seen++] = last;
        bits = Math.floor(bits / 2 ** width);
        held -= width;
      }
      at = end;
    }
  }
  return { values, end: at };
}

/** Many strings as UTF-8 in one block, shared between threads: string `i` is `bytes[offsets[i] .. offsets[i] + lengths[i])`. */
export interface StringTable {
  readonly bytes: Uint8Array;
  readonly offsets: Float64Array;
  readonly lengths: Int32Array;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Packs strings into shared memory. */
export function stringTable(strings: readonly string[]): StringTable {
  const encoded = strings.map((text) => Buffer.from(text, 'utf8'));
  const offsets = new Float64Array(new SharedArrayBuffer(strings.length * 8));
  const lengths = new Int32Array(new SharedArrayBuffer(strings.length * 4));
  const bytes = new Uint8Array(new SharedArrayBuffer(encoded.reduce((total, part) => total + part.length, 0)));
  let offset = 0;
  encoded.forEach((part, index) => {
    bytes.set(part, offset);
    offsets[index] = offset;
    lengths[index] = part.length;
    offset += part.length;
  });
  return { bytes, offsets, lengths };
}

/** String `index` of the table. */
export function stringAt(table: StringTable, index: number): string {
  const offset = table.offsets[index]!;
  // A copy, as TextDecoder takes no shared memory.
  return decoder.decode(table.bytes.slice(offset, offset + table.lengths[index]!));
}

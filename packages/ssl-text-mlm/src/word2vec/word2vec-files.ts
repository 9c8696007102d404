import type { NdArray } from '@selfsup/ssl-tensor/host';

/** Bytes after which a part is handed on. */
const partBytes = 1 << 20;

/** word2vec's text format: a line of two numbers, then a line for each word; numbers as short as they read back the same. */
export function* textParts(words: readonly string[], { data, shape }: NdArray<Float32Array>): Generator<string> {
  const dim = shape[1]!;
  let part = `${words.length} ${dim}\n`;
  for (const [row, word] of words.entries()) {
    part += word;
    for (let i = row * dim; i < (row + 1) * dim; i++) part += ` ${shortest(data[i]!)}`;
    part += '\n';
    if (part.length < partBytes) continue;
    yield part;
    part = '';
  }
  yield part;
}

/** word2vec's binary format: the same line, then each word, a space and its numbers, float32 of little end. */
export function* binaryParts(words: readonly string[], { data, shape }: NdArray<Float32Array>): Generator<Uint8Array> {
  const dim = shape[1]!;
  let parts: Uint8Array[] = [Buffer.from(`${words.length} ${dim}\n`)];
  let bytes = 0;
  for (const [row, word] of words.entries()) {
    const values = data.subarray(row * dim, (row + 1) * dim);
    parts.push(Buffer.from(`${word} `), new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    bytes += values.byteLength;
    if (bytes < partBytes) continue;
    yield Buffer.concat(parts);
    parts = [];
    bytes = 0;
  }
  yield Buffer.concat(parts);
}

/** The shortest decimal number that is this float32. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}

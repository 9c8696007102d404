import { checkMemory, openRegularFile } from '@selfsup/ssl-core/files';
import { DataError, ndArray, type NdArray } from '@selfsup/ssl-tensor/host';

/** What a file may hold at most. */
const limits = { words: 2 ** 26, dim: 2 ** 16, wordBytes: 4096, headBytes: 64, numberBytes: 64 } as const;
const chunkBytes = 1 << 20;
const [newLine, space] = [10, 32];
const number = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i;

interface Read {
  readonly words: string[];
  readonly vectors: NdArray<Float32Array>;
}

/**
 * Reads a file in word2vec's text or binary format, chunk by chunk: memory is that of the vectors, whose number the file's size
 * bounds before any is allocated.
 *
 * @throws DataError for a file that is not of the format, with the byte where the word begins
 */
export async function readWordVectors(
  path: string,
  format: 'text' | 'binary',
  duplicates: 'refuse' | 'first',
): Promise<Read> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    const bytes = new Bytes(path, async (buffer, at) => (await file.read(buffer, 0, buffer.length, at)).bytesRead);
    const [count, dim] = headOf(path, await bytes.until(newLine, limits.headBytes, 'two numbers and a new line'));
    // At the least a letter and a space for each word, and four bytes, or a digit and a space, for each number.
    const least = count * (format === 'binary' ? 2 + 4 * dim : 1 + 2 * dim);
    if (least > size)
      throw new DataError(
        `its first line says ${count} vectors of ${dim} numbers, which take at least ${least} bytes as ${format}; the file has ${size}. It is cut short, or not of the ${format} format`,
        { path, offset: 0 },
      );
    checkMemory('WordVectors.load', 'the vectors', [{ option: 'path', bytes: 4 * count * dim }]);
    const data = new Float32Array(count * dim);
    const words = new Map<string, number>();
    const readRow = format === 'binary' ? binaryRow : textRow;
    for (let record = 0; record < count; record++) {
      const at = bytes.position;
      const word = await readRow(bytes, data.subarray(words.size * dim, (words.size + 1) * dim));
      if (!words.has(word)) words.set(word, record);
      else if (duplicates === 'refuse')
        throw new DataError(
          `the word ${JSON.stringify(word)} comes again as record ${record}; pass duplicates: 'first' to keep the first of each`,
          { path, offset: at },
        );
    }
    await bytes.end();
    return { words: [...words.keys()], vectors: ndArray(data.slice(0, words.size * dim), [words.size, dim]) };
  } finally {
    await file.close();
  }
}

function headOf(path: string, bytes: Uint8Array): readonly [number, number] {
  const match = /^(\d{1,15}) (\d{1,15})[ \r]*$/.exec(Buffer.from(bytes).toString('latin1'));
  const [count, dim] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || count < 1 || dim < 1 || count > limits.words || dim > limits.dim)
    throw new DataError(
      `the first line has to be the number of words, 1 to ${limits.words}, and of numbers for each, 1 to ${limits.dim}; files of GloVe have none: put one in front`,
      { path, offset: 0 },
    );
  return [count, dim];
}

async function binaryRow(bytes: Bytes, row: Float32Array): Promise<string> {
  await bytes.skip(newLine);
  const word = await bytes.until(space, limits.wordBytes, 'a word and a space');
  const text = bytes.text(word);
  const values = Uint8Array.from(await bytes.take(4 * row.length));
  row.set(new Float32Array(values.buffer));
  const wrong = row.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw bytes.error(`number ${wrong} of the word ${JSON.stringify(text)} is ${row[wrong]}`);
  return text;
}

async function textRow(bytes: Bytes, row: Float32Array): Promise<string> {
  const longest = limits.wordBytes + row.length * (limits.numberBytes + 1) + 2;
  const line = bytes.text(await bytes.until(newLine, longest, 'a line', true));
  const fields = line.replace(/[ \r]{1,2}$/, '').split(' ');
  const [word] = fields as [string];
  if (fields.length !== row.length + 1)
    throw bytes.error(
      `the line of the word ${JSON.stringify(word.slice(0, 80))} has ${fields.length - 1} numbers, not ${row.length}`,
    );
  for (let i = 0; i < row.length; i++) {
    const field = fields[i + 1]!;
    const value = field.length <= limits.numberBytes && number.test(field) ? Math.fround(Number(field)) : NaN;
    if (!Number.isFinite(value))
      throw bytes.error(
        `number ${i} of the word ${JSON.stringify(word.slice(0, 80))} is ${JSON.stringify(field.slice(0, 80))}`,
      );
    row[i] = value;
  }
  return word;
}

/** Bytes of a file in order. */
class Bytes {
  /** Where the next byte lies in the file. */
  position = 0;
  readonly #path: string;
  readonly #read: (buffer: Uint8Array, at: number) => Promise<number>;
  #held: Uint8Array = new Uint8Array(0);
  #began = 0;

  constructor(path: string, read: (buffer: Uint8Array, at: number) => Promise<number>) {
    this.#path = path;
    this.#read = read;
  }

  error(message: string): DataError {
    return new DataError(message, { path: this.#path, offset: this.#began });
  }

  /** As UTF-8. Throws for what is not, and for nothing. */
  text(bytes: Uint8Array): string {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      if (text !== '' && !text.startsWith(' ')) return text;
    } catch (cause) {
      throw new DataError('a word is not UTF-8', { path: this.#path, offset: this.#began, cause });
    }
    throw this.error('a word is empty');
  }

  async skip(byte: number): Promise<void> {
    while ((this.#held.length > 0 || (await this.#more())) && this.#held[0] === byte) this.#advance(1);
    this.#began = this.position;
  }

  /** Bytes before the next `byte`, which is passed over; with `orEnd` the end of the file will do. */
  async until(byte: number, most: number, what: string, orEnd = false): Promise<Uint8Array> {
    this.#began = this.position;
    let from = 0;
    let found = this.#held.indexOf(byte);
    while (found < 0 && this.#held.length <= most) {
      from = this.#held.length;
      if (!(await this.#more())) break;
      found = this.#held.indexOf(byte, from);
    }
    if (found > most || (found < 0 && this.#held.length > most))
      throw this.error(`within ${most} bytes there should be ${what}`);
    if (found < 0 && !(orEnd && this.#held.length > 0))
      throw this.error(`it ends where ${what} should be; it is cut short`);
    const bytes = this.#held.subarray(0, found < 0 ? this.#held.length : found);
    this.#advance(bytes.length + (found < 0 ? 0 : 1));
    return bytes;
  }

  async take(count: number): Promise<Uint8Array> {
    while (this.#held.length < count)
      if (!(await this.#more())) throw this.error(`it ends within the numbers of a word; it is cut short`);
    const bytes = this.#held.subarray(0, count);
    this.#advance(count);
    return bytes;
  }

  /** Throws unless only white space is left. */
  async end(): Promise<void> {
    do {
      this.#began = this.position;
      if (this.#held.some((byte) => byte !== newLine && byte !== space && byte !== 13))
        throw this.error('there is more than the first line says');
      this.#advance(this.#held.length);
    } while (await this.#more());
  }

  #advance(count: number): void {
    this.#held = this.#held.subarray(count);
    this.position += count;
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(chunkBytes);
    const read = await this.#read(buffer, this.position + this.#held.length);
    if (read === 0) return false;
    const whole = new Uint8Array(this.#held.length + read);
    whole.set(this.#held);
    whole.set(buffer.subarray(0, read), this.#held.length);
    this.#held = whole;
    return true;
  }
}

import { printable } from '@selfsup/ssl-core';
import { CheckpointError } from '@selfsup/ssl-tensor/host';

const [quote, backslash, space] = [0x22, 0x5c, 0x20];
/** Nesting that is followed; the reference's JSON reader stops there too. */
const maxDepth = 128;
/** What makes more of a number than digits: . e E + - */
const numberMarks: ReadonlySet<number> = new Set([0x2e, 0x65, 0x45, 0x2b, 0x2d]);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the JSON of a header from its bytes, value by value, so that a header needs memory for what is kept of it and
 * not for a document. Stricter than JSON.parse where the format is: a name must not come twice in one object.
 */
export class HeaderScanner {
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The error for what is no JSON. */
  refuse(problem = 'not JSON', cause?: unknown): never {
    throw new CheckpointError(
      `has a header that is ${problem} (byte ${this.position}). It is corrupt or not a safetensors file`,
      cause === undefined ? {} : { cause },
    );
  }

  /** The next byte that is not white space, which stays to be read; NaN at the end. */
  peek(): number {
    for (;;) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) return NaN;
      if (byte !== space && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.position++;
    }
  }

  /** Takes the character when it is next. */
  take(character: string): boolean {
    if (this.peek() !== character.charCodeAt(0)) return false;
    this.position++;
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) this.refuse();
  }

  /** Reads an object; `member` reads the value of each name. */
  object(member: (name: string) => void): void {
    const seen = new Set<string>();
    this.#list('{', '}', () => {
      const name = this.string();
      if (seen.has(name)) this.refuse(`not valid: "${printable(name.slice(0, 80))}" comes twice in it`);
      seen.add(name);
      this.expect(':');
      member(name);
    });
  }

  /** Reads an array; `item` reads each element. */
  array(item: () => void): void {
    this.#list('[', ']', item);
  }

  string(): string {
    const { start, end, plain, ascii } = this.#stringSpan();
    const bytes = this.#bytes.subarray(start, end);
    // Most names are short; a decoder takes longer to begin than to decode them.
    if (plain && ascii && bytes.length <= 64) return String.fromCharCode(...bytes);
    let text: string;
    try {
      text = plain
        ? decoder.decode(bytes)
        : (JSON.parse(decoder.decode(this.#bytes.subarray(start - 1, end + 1))) as string);
    } catch (cause) {
      return this.refuse('not JSON', cause);
    }
    // An escape can write what UTF-8 cannot.
    return /\p{Surrogate}/u.test(text) ? this.refuse('not valid: a name has half a surrogate pair') : text;
  }

  /**
   * A natural number as the format writes them: digits alone.
   *
   * @returns undefined for any other value, which is then passed over, and for numbers that are not exact in a double
   */
  count(): number | undefined {
    const first = this.peek();
    const start = this.position;
    let value = 0;
    let byte = first;
    for (; byte >= 0x30 && byte <= 0x39; byte = this.#bytes[++this.position] ?? NaN) value = value * 10 + byte - 0x30;
    const digits = this.position - start;
    // A point, an exponent, a sign, a second digit after zero: another value or none at all.
    if (digits > 0 && !(digits > 1 && first === 0x30) && !numberMarks.has(byte))
      return Number.isSafeInteger(value) ? value : undefined;
    this.position = start;
    this.skip();
    return undefined;
  }

  /** Passes over any value. */
  skip(depth = 0): void {
    if (depth > maxDepth) this.refuse('nested too deeply');
    const next = this.peek();
    if (next === quote) void this.string();
    else if (next === 0x7b) this.object(() => this.skip(depth + 1));
    else if (next === 0x5b) this.array(() => this.skip(depth + 1));
    else {
      const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/.exec(
        this.#ascii(this.position, this.position + 400),
      );
      if (word === null) this.refuse();
      this.position += word[0].length;
    }
  }

  #list(open: string, close: string, item: () => void): void {
    this.expect(open);
    if (this.take(close)) return;
    do item();
    while (this.take(','));
    this.expect(close);
  }

  #stringSpan(): { start: number; end: number; plain: boolean; ascii: boolean } {
    this.expect('"');
    const start = this.position;
    let [plain, ascii] = [true, true];
    for (;;) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined || byte < space) return this.refuse();
      if (byte === quote) return { start, end: this.position - 1, plain, ascii };
      if (byte >= 0x80) ascii = false;
      if (byte !== backslash) continue;
      plain = false;
      this.position++;
    }
  }

  #ascii(from: number, to: number): string {
    return String.fromCharCode(...this.#bytes.subarray(from, to));
  }
}

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkPath, describeFileError, openRegularFile } from '@selfsup/ssl-core/files';
import { checkInteger, checkOptions, DataError, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { TokenSource } from '../data/token-source.js';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import { ChunkReader } from './chunk-reader.js';
import { StoreBlocks } from './store-blocks.js';
import { storeFiles } from './store-files.js';
import { parseHeader, sizesOf, type StoreHeader } from './store-header.js';
import { StoreLines, type StoreLinesOptions } from './store-lines.js';
import { StorePairs } from './store-pairs.js';
import type { StoredTokens } from './stored-tokens.js';
import { checkSameTokenizer } from './tokenizer-digest.js';

/** Options of {@link TokenStore.open}. */
export interface OpenTokenStoreOptions {
  /** Refuse a store whose ids are another tokeniser's. Default: not checked. */
  readonly tokenizer?: TextTokenizer;
}

const openTokenStoreOptionNames: OptionNames<OpenTokenStoreOptions> = { tokenizer: 'optional' };

/** Ends of texts that are read at once. */
const endsAtOnce = 4096;

/**
 * Encoded texts on disk, read by ranges: of a corpus of any size little is in memory. {@link buildTokenStore} makes it.
 *
 * A folder of `tokens.bin`, the ids of all texts one after the other, 2 or 4 bytes each, with `[SEP]` after each;
 * `ends.bin`, where each ends, 8 bytes; and `store.json`, the tokeniser's digest, sizes and checksums. What is read for the
 * first time is held against its checksum. A loader reads `lines`, `blocks` or `pairs`.
 */
export class TokenStore implements StoredTokens {
  readonly path: string;
  readonly header: StoreHeader;
  readonly #tokens: ChunkReader;
  readonly #ends: ChunkReader;
  /** The last stretch of ends that was read: the one before its first, then so many. */
  #stretch: { readonly first: number; readonly ends: Float64Array } = { first: -1, ends: new Float64Array(0) };

  private constructor(path: string, header: StoreHeader, tokens: ChunkReader, ends: ChunkReader) {
    this.path = path;
    this.header = header;
    this.#tokens = tokens;
    this.#ends = ends;
  }

  /**
   * Opens a store that is finished; it is not read, so that takes no longer for a large one.
   *
   * @throws DataError for a folder that holds none, one that was not finished, one of another tokeniser, and a damaged one
   */
  static async open(path: string, options: OpenTokenStoreOptions = {}): Promise<TokenStore> {
    const where = 'TokenStore.open';
    checkPath(where, 'path', path);
    const { tokenizer } = checkOptions(where, options, openTokenStoreOptionNames);
    const header = parseHeader(await headerOf(path), path);
    if (tokenizer !== undefined) checkSameTokenizer(path, header.tokenizer, tokenizer);
    const readers: ChunkReader[] = [];
    try {
      for (const name of ['tokens', 'ends'] as const) {
        const own = join(path, storeFiles[name]);
        const file = await openRegularFile(own);
        const bytes = sizesOf(header)[name];
        readers.push(new ChunkReader(file, own, bytes, header.checksums[name]));
        const { size } = await file.stat();
        if (size !== bytes)
          throw new DataError(
            `has ${size} bytes, and store.json says ${bytes}: the store is damaged; delete the folder and build it again`,
            { path: own },
          );
      }
    } catch (cause) {
      for (const reader of readers) await reader.close();
      throw cause;
    }
    return new TokenStore(path, header, readers[0]!, readers[1]!);
  }

  /** Number of texts. */
  get length(): number {
    return this.header.texts;
  }

  /** Number of ids, with the one after each text. */
  get tokens(): number {
    return this.header.tokens;
  }

  /** Each text a sequence, `[CLS] text [SEP]`. */
  lines(options: StoreLinesOptions): TokenSource {
    return new StoreLines(this, options);
  }

  /**
   * Full blocks across the texts: `[CLS]`, then the next `length - 1` ids of the stream, in which `[SEP]` ends each text.
   * All are full but the last.
   */
  blocks(options: { readonly length: number }): TokenSource {
    return new StoreBlocks(this, options);
  }

  /**
   * Texts two by two, as they follow one another: `[CLS] a [SEP] b [SEP]`, with where the second begins.
   *
   * @throws DataError for a store of one text
   */
  pairs(options: { readonly maxLength: number }): StorePairs {
    return new StorePairs(this, options);
  }

  /**
   * Where a text lies in the stream of ids, its `[SEP]` included.
   *
   * @throws DataError where the store is damaged
   */
  rangeOf(text: number): { readonly start: number; readonly end: number } {
    checkInteger('TokenStore.rangeOf', 'text', text, 0, this.length - 1);
    const ends = this.#endsAround(text);
    const at = text - this.#stretch.first;
    this.#checkRange(text, ends[at]!, ends[at + 1]!);
    return { start: ends[at]!, end: ends[at + 1]! };
  }

  /**
   * Ids of every text without its `[SEP]`, `[texts]`: reads all of `ends.bin`, 8 bytes a text.
   *
   * @throws DataError where the store is damaged
   */
  sizes(): Int32Array {
    const sizes = new Int32Array(this.length);
    for (let first = 0; first < this.length; first += endsAtOnce) {
      const ends = this.#endsAround(first);
      for (let at = 0; at < ends.length - 1; at++) {
        this.#checkRange(first + at, ends[at]!, ends[at + 1]!);
        sizes[first + at] = ends[at + 1]! - ends[at]! - 1;
      }
    }
    return sizes;
  }

  /**
   * Copies ids of the stream.
   *
   * @param into filled with the ids from `start` on
   * @throws DataError where the store is damaged
   */
  read(into: Int32Array, start: number): void {
    checkInteger('TokenStore.read', 'start', start, 0, this.tokens - into.length);
    const { bytesPerId } = this.header;
    if (into.length === 0) return;
    if (bytesPerId === 4) {
      this.#tokens.read(new Uint8Array(into.buffer, into.byteOffset, into.byteLength), start * 4);
      return;
    }
    const ids = new Uint16Array(into.length);
    this.#tokens.read(new Uint8Array(ids.buffer), start * 2);
    into.set(ids);
  }

  /** Reads all of it once and holds it against the checksums. @throws DataError where it is damaged */
  verify(): void {
    this.#ends.verify();
    this.#tokens.verify();
  }

  async close(): Promise<void> {
    await this.#tokens.close();
    await this.#ends.close();
  }

  #checkRange(text: number, start: number, end: number): void {
    if (start < end && end <= this.tokens) return;
    throw new DataError(
      `text ${text} ends before it begins: the store is damaged; delete the folder and build it again`,
      { path: this.path },
    );
  }

  /** Ends of a stretch of texts with this one, after the end of the text before them. */
  #endsAround(text: number): Float64Array {
    const first = text - (text % endsAtOnce);
    if (this.#stretch.first === first) return this.#stretch.ends;
    const count = Math.min(endsAtOnce, this.length - first);
    const ends = new Float64Array(count + 1);
    const before = first === 0 ? 0 : 1;
    const own = new Uint8Array(ends.buffer, 8 * (1 - before), 8 * (count + before));
    this.#ends.read(own, 8 * (first - before));
    this.#stretch = { first, ends };
    return ends;
  }
}

async function headerOf(path: string): Promise<string> {
  try {
    return await readFile(join(path, storeFiles.header), 'utf8');
  } catch (cause) {
    const isBegun = await stat(join(path, storeFiles.journal)).then(
      () => true,
      () => false,
    );
    const what = isBegun
      ? 'is a token store that was not finished; the same call of buildTokenStore goes on where it stopped'
      : `is no token store, ${storeFiles.header} cannot be read: ${describeFileError(cause)}; buildTokenStore makes one`;
    throw new DataError(what, { path, cause });
  }
}

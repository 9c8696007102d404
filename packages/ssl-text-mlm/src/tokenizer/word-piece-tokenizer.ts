import { checkPath, writeWhole } from '@selfsup/ssl-core/files';
import { readText } from '@selfsup/ssl-data/text';
import {
  checkOptions,
  DataError,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import {
  type DecodeOptions,
  decodeOptionNames,
  type TokenizerFileOptions,
  tokenizerFileOptionNames,
  type TokenizerFolderOptions,
  tokenizerFolderOptionNames,
  type TokenizerJsonOptions,
  tokenizerJsonOptionNames,
} from './tokenizer-options.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { checkFrame } from './check-frame.js';
import { decodeWordPieces } from './decode-word-pieces.js';
import { readTokenizerFolder } from './read-tokenizer-folder.js';
import { bertSpecialTokens, type SpecialTokens } from './special-tokens.js';
import { parseTokenizerFile, tokenizerLimits, type TokenizerFile } from './tokenizer-file.js';
import { chunkSeparator, wellFormed } from './white-space.js';
import { wordPieces } from './word-pieces.js';

/** How a text becomes ids. */
export interface EncodeOptions {
  /** Longest result with `[CLS]` and `[SEP]`; the rest of the text is cut off. Default: no limit. */
  readonly maxLength?: number;
  /** Put `[CLS]` before and `[SEP]` after. Default true. */
  readonly addSpecialTokens?: boolean;
}

const encodeOptionNames: OptionNames<EncodeOptions> = {
  maxLength: 'optionalNumber',
  addSpecialTokens: 'optionalFlag',
};

/** How texts become one batch. */
export interface EncodeBatchOptions extends EncodeOptions {
  /** `longest` pads to the longest text, `maxLength` to `maxLength`. Default `longest`. */
  readonly padding?: 'longest' | 'maxLength';
}

const encodeBatchOptionNames: OptionNames<EncodeBatchOptions> = {
  ...encodeOptionNames,
  padding: 'optional',
};

/** Encoded texts, padded with `[PAD]` on the right. */
export interface EncodedBatch {
  /** `[texts, tokens]`. */
  readonly inputIds: NdArray<Int32Array>;
  /** `[texts, tokens]`, 1 = token, 0 = padding. */
  readonly attentionMask: NdArray<Int32Array>;
}

/** Ids of the special tokens. */
export type SpecialTokenIds = { readonly [K in keyof SpecialTokens]: number };

/** Most chunks whose encoding is remembered; then the memory starts afresh. */
const cacheLimit = 500_000;
/** A longer chunk is not remembered, so that one odd text cannot fill the memory. */
const cachedChunkLength = 64;

/**
 * WordPiece tokeniser of the BERT family around a Hugging Face `tokenizer.json`: the ids are those of its Rust library
 * `tokenizers` on every text, with any Unicode and on every version of Node (but for `NFC`, `NFKC`, `NFKD` and `\p{L}` in
 * expressions, which are the runtime's and may know newer characters). Chunks between white space are remembered,
 * which makes it several times faster. Half a surrogate pair counts as U+FFFD.
 *
 * ```ts
 * const tokenizer = await WordPieceTokenizer.fromFile('tokenizer.json');
 * tokenizer.encode('a small dog', { maxLength: 32 }); // [2, 144, 1043, 2201, 3]
 * ```
 */
export class WordPieceTokenizer {
  /** Number of ids. */
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  readonly specialIds: SpecialTokenIds;
  readonly #file: TokenizerFile;
  /** Added tokens that are looked for in the text as it is, and in the normalised one. */
  readonly #raw: AddedVocabulary;
  readonly #normalized: AddedVocabulary;
  /** What added tokens that are looked for in the normalised text decode to. */
  readonly #decoded: ReadonlyMap<number, string>;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #cache = new Map<string, readonly number[]>();

  private constructor(file: TokenizerFile, specialTokens: SpecialTokens, path?: string) {
    if ((file as Partial<TokenizerFile> | undefined)?.ids === undefined) {
      const advice = 'Write await WordPieceTokenizer.fromFolder(folder), or fromFile(path) of a tokenizer.json';
      throw new InvalidOptionError('new WordPieceTokenizer', 'file', 'what fromFolder() reads', file, advice);
    }
    const where = path === undefined ? {} : { path };
    this.#file = file;
    this.#ids = file.ids;
    this.vocabSize = file.tokens.length;
    this.specialTokens = specialTokens;
    const idOf = (token: string): number => {
      const id = this.#ids.get(token);
      if (id === undefined)
        throw new DataError(
          `the vocabulary lacks the special token '${token}'; pass its names as specialTokens`,
          where,
        );
      return id;
    };
    const { pad, unk, cls, sep, mask } = specialTokens;
    this.specialIds = { pad: idOf(pad), unk: idOf(unk), cls: idOf(cls), sep: idOf(sep), mask: idOf(mask) };
    if (file.postProcessor !== undefined) checkFrame(file.postProcessor, specialTokens);
    const named = (normalized: boolean) =>
      new AddedVocabulary(
        file.addedTokens
          .filter((token) => token.normalized === normalized)
          .map((token) => ({ token, text: normalized ? file.normalize(token.content) : token.content }))
          .filter(({ text }) => text !== ''),
      );
    this.#raw = named(false);
    this.#normalized = named(true);
    this.#decoded = new Map(
      file.addedTokens.filter((token) => token.normalized).map(({ id, content }) => [id, file.normalize(content)]),
    );
  }

  /**
   * Tokeniser of a parsed `tokenizer.json`.
   *
   * @param document the parsed JSON, or its text
   * @throws DataError if it is not a WordPiece tokeniser, exceeds a limit or lacks a special token
   */
  static fromJson(document: unknown, options: TokenizerJsonOptions = {}): WordPieceTokenizer {
    checkOptions('WordPieceTokenizer.fromJson', options, tokenizerJsonOptionNames);
    let parsed = document;
    if (typeof document === 'string') {
      try {
        parsed = JSON.parse(document);
      } catch (cause) {
        throw new DataError(
          `not valid JSON: ${(cause as Error).message}`,
          options.path === undefined ? { cause } : { path: options.path, cause },
        );
      }
    }
    return new WordPieceTokenizer(
      parseTokenizerFile(parsed, options.path),
      options.specialTokens ?? bertSpecialTokens,
      options.path,
    );
  }

  /**
   * Reads a `tokenizer.json`.
   *
   * @throws DataError if the file is missing, too large, not valid in its encoding or not a WordPiece tokeniser
   */
  static async fromFile(path: string, options: TokenizerFileOptions = {}): Promise<WordPieceTokenizer> {
    const {
      encoding = 'utf-8',
      maxBytes = tokenizerLimits.fileBytes,
      ...more
    } = checkOptions('WordPieceTokenizer.fromFile', options, tokenizerFileOptionNames);
    const text = await readText(path, { encoding, maxBytes, where: 'WordPieceTokenizer.fromFile' });
    return WordPieceTokenizer.fromJson(text, { ...more, path });
  }

  /**
   * Reads the tokeniser of a model's folder as Hugging Face has it: `tokenizer.json`, or `vocab.txt` where there is none,
   * and `tokenizer_config.json`, whose names of special tokens and settings of the normaliser (`do_lower_case`,
   * `strip_accents`, `tokenize_chinese_chars`) count before those of `tokenizer.json`, as in transformers.
   *
   * @throws DataError if a file is missing, too large, not valid in its encoding, no WordPiece tokeniser, or has a field
   *   that is not known here or changes the tokens in a way that is not done here
   */
  static async fromFolder(folder: string, options: TokenizerFolderOptions = {}): Promise<WordPieceTokenizer> {
    checkOptions('WordPieceTokenizer.fromFolder', options, tokenizerFolderOptionNames);
    checkPath('WordPieceTokenizer.fromFolder', 'folder', folder);
    const { json, specialTokens, required, path } = await readTokenizerFolder(
      folder,
      options.encoding ?? 'utf-8',
      options.specialTokens,
    );
    const tokenizer = WordPieceTokenizer.fromJson(json, {
      path,
      ...(specialTokens === undefined ? {} : { specialTokens }),
    });
    for (const { content, id } of required) {
      const known = tokenizer.#file.addedTokens.find((token) => token.content === content);
      if (known === undefined || (id !== undefined && known.id !== id))
        throw new DataError(
          `tokenizer_config.json has the added token '${content}'${id === undefined ? '' : ` with the id ${id}`}, which is not among the added tokens here; save the tokeniser anew with transformers (save_pretrained)`,
          { path },
        );
    }
    return tokenizer;
  }

  /**
   * Writes the `tokenizer.json`, whole or not at all.
   *
   * @throws DataError when the folder is missing or not writable, or the disk is full
   */
  async save(path: string): Promise<void> {
    await writeWhole(path, JSON.stringify(this.toJson(), undefined, 1));
  }

  /** The `tokenizer.json` document. */
  toJson(): Readonly<Record<string, unknown>> {
    return this.#file.json;
  }

  /** Id of a token, undefined if the vocabulary lacks it. */
  tokenToId(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** Token of an id, undefined outside the vocabulary. */
  idToToken(id: number): string | undefined {
    return this.#file.tokens[id];
  }

  /** One entry per id, 1 = the piece continues a word (`##ing`). For whole-word masking. */
  continuations(): Uint8Array {
    const { tokens, model } = this.#file;
    const { continuingPrefix } = model;
    return Uint8Array.from(tokens, (token) =>
      continuingPrefix !== '' && token.length > continuingPrefix.length && token.startsWith(continuingPrefix) ? 1 : 0,
    );
  }

  /** Ids of the special tokens and of all other added tokens marked special: never masked, never drawn as a random token. */
  allSpecialIds(): Set<number> {
    return new Set([
      ...Object.values(this.specialIds),
      ...this.#file.addedTokens.filter((token) => token.special).map((token) => token.id),
    ]);
  }

  /** Ids of a text: `[CLS] text [SEP]`. */
  encode(text: string, options: EncodeOptions = {}): number[] {
    checkOptions('WordPieceTokenizer.encode', options, encodeOptionNames);
    const { maxLength = Infinity, addSpecialTokens = true } = options;
    const frame = addSpecialTokens ? 2 : 0;
    if (typeof text !== 'string') throw new InvalidOptionError('WordPieceTokenizer.encode', 'text', 'a string', text);
    if (!(maxLength >= frame + 1 && (Number.isSafeInteger(maxLength) || maxLength === Infinity)))
      throw new InvalidOptionError(
        'WordPieceTokenizer.encode',
        'maxLength',
        `an integer of at least ${frame + 1}`,
        maxLength,
      );
    const room = maxLength - frame;
    const ids: number[] = addSpecialTokens ? [this.specialIds.cls] : [];
    const end = ids.length + room;
    if (this.#file.splitsAtWhitespace) {
      for (const chunk of text.split(chunkSeparator)) {
        if (chunk === '') continue;
        for (const id of this.#chunk(chunk)) ids.push(id);
        if (ids.length >= end) break;
      }
    } else {
      for (const id of this.#encodeText(text)) ids.push(id);
    }
    if (ids.length > end) ids.length = end;
    if (addSpecialTokens) ids.push(this.specialIds.sep);
    return ids;
  }

  /** Ids of several texts as one padded batch. */
  encodeBatch(texts: readonly string[], options: EncodeBatchOptions = {}): EncodedBatch {
    const { padding, ...each } = checkOptions('WordPieceTokenizer.encodeBatch', options, encodeBatchOptionNames);
    if (!Array.isArray(texts))
      throw new InvalidOptionError('WordPieceTokenizer.encodeBatch', 'texts', 'an array of strings', texts);
    const rows = texts.map((text) => this.encode(text, each));
    if (padding !== undefined && padding !== 'longest' && padding !== 'maxLength')
      throw new InvalidOptionError('WordPieceTokenizer.encodeBatch', 'padding', "'longest' or 'maxLength'", padding);
    if (padding === 'maxLength' && !Number.isFinite(options.maxLength)) {
      throw new InvalidOptionError(
        'WordPieceTokenizer.encodeBatch',
        'maxLength',
        "given with padding 'maxLength'",
        options.maxLength,
      );
    }
    const width =
      padding === 'maxLength' ? options.maxLength! : rows.reduce((longest, row) => Math.max(longest, row.length), 0);
    const shape = [rows.length, width];
    const inputIds = new Int32Array(rows.length * width).fill(this.specialIds.pad);
    const attentionMask = new Int32Array(rows.length * width);
    rows.forEach((row, index) => {
      inputIds.set(row, index * width);
      attentionMask.fill(1, index * width, index * width + row.length);
    });
    return { inputIds: ndArray(inputIds, shape), attentionMask: ndArray(attentionMask, shape) };
  }

  /**
   * Text of ids, pieces joined to words.
   */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    checkOptions('WordPieceTokenizer.decode', options, decodeOptionNames);
    const special = options.skipSpecialTokens === false ? undefined : this.allSpecialIds();
    const kept = Array.from(ids).filter((id) => special?.has(id) !== true);
    for (const id of kept) {
      if (this.#file.tokens[id] === undefined)
        throw new InvalidOptionError('WordPieceTokenizer.decode', 'ids', `ids from 0 to ${this.vocabSize - 1}`, id);
    }
    return decodeWordPieces(
      kept.map((id) => this.#decoded.get(id) ?? this.#file.tokens[id]!),
      this.#file.decoding,
    );
  }

  #chunk(chunk: string): readonly number[] {
    const known = this.#cache.get(chunk);
    if (known !== undefined) return known;
    const ids = this.#encodeText(chunk);
    if (chunk.length <= cachedChunkLength) {
      if (this.#cache.size >= cacheLimit) this.#cache.clear();
      this.#cache.set(chunk, ids);
    }
    return ids;
  }

  /** Ids of a text without the frame: added tokens, then normalised words, then their pieces. */
  #encodeText(text: string): number[] {
    const { normalize, preTokenize, model } = this.#file;
    const ids: number[] = [];
    for (const segment of this.#raw.split(wellFormed(text))) {
      if (typeof segment === 'number') {
        ids.push(segment);
        continue;
      }
      for (const part of this.#normalized.split(normalize(segment))) {
        if (typeof part === 'number') ids.push(part);
        else for (const word of preTokenize?.(part) ?? [part]) for (const id of wordPieces(word, model)) ids.push(id);
      }
    }
    return ids;
  }
}

import { writeWhole } from '@selfsup/ssl-core/files';
import { checkOptions, DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { AddedVocabulary } from './added-vocabulary.js';
import { AlignedText } from './aligned-text.js';
import {
  checkLength,
  checkText,
  encodeBatchOptionNames,
  encodeOptionNames,
  encodeTextOptionNames,
} from './check-encode.js';
import { continuingPieces } from './continuing-pieces.js';
import { bertFrame, type Frame, robertaFrame } from './frame.js';
import { frameWindow } from './frame-window.js';
import { readFrame } from './read-frame.js';
import type { SpecialTokenIds, SpecialTokens } from './special-tokens.js';
import type {
  EncodeBatchOptions,
  EncodedBatch,
  EncodedText,
  EncodeOptions,
  EncodeTextOptions,
  TextTokenizer,
} from './text-tokenizer.js';
import { type DecodeOptions, decodeOptionNames } from './tokenizer-options.js';
import type { TokenizerFile } from './tokenizer-file.js';
import type { TokenizerKind } from './tokenizer-kind.js';
import { padEncoded } from './pad-encoded.js';
import { PlacedTokens } from './placed-tokens.js';
import { pairWindows } from './truncate-windows.js';
import { chunkSeparator, wellFormed } from './white-space.js';

/** Most words or chunks whose encoding is remembered; then the memory starts afresh. */
const cacheLimit = 500_000;
/** A longer one is not remembered, so that one odd text cannot fill the memory. */
const cachedLength = 64;

/**
 * What the tokenisers of all kinds have in common: a Hugging Face `tokenizer.json` at work. Added tokens are found, what is
 * between them is normalised and cut into words, the kind's model spells these with pieces, and special tokens are put
 * around. Words are remembered, which makes it several times faster. Half a surrogate pair counts as U+FFFD.
 */
export abstract class FileTokenizer implements TextTokenizer {
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  readonly specialIds: SpecialTokenIds;
  readonly #file: TokenizerFile;
  readonly #frame: Frame;
  /** Added tokens that are looked for in the text as it is, and in the normalised one. */
  readonly #raw: AddedVocabulary;
  readonly #normalized: AddedVocabulary;
  /** What added tokens that are looked for in the normalised text decode to. */
  readonly #decoded: ReadonlyMap<number, string>;
  readonly #cache = new Map<string, readonly number[]>();

  /** @throws DataError where the vocabulary lacks a special token, or the file puts other tokens around a text */
  protected constructor(
    { className }: TokenizerKind,
    file: TokenizerFile,
    specialTokens: SpecialTokens,
    path?: string,
  ) {
    if ((file as Partial<TokenizerFile> | undefined)?.ids === undefined) {
      const advice = `Write await ${className}.fromFolder(folder), or fromFile(path) of a tokenizer.json`;
      throw new InvalidOptionError(`new ${className}`, 'file', 'what fromFolder() reads', file, advice);
    }
    const where = path === undefined ? {} : { path };
    this.#file = file;
    this.vocabSize = file.tokens.length;
    this.specialTokens = specialTokens;
    const idOf = (token: string): number => {
      const id = file.ids.get(token);
      if (id === undefined)
        throw new DataError(
          `the vocabulary lacks the special token '${token}'; pass its names as specialTokens`,
          where,
        );
      return id;
    };
    const { pad, unk, cls, sep, mask } = specialTokens;
    const specialIds = { pad: idOf(pad), unk: idOf(unk), cls: idOf(cls), sep: idOf(sep), mask: idOf(mask) };
    this.specialIds = specialIds;
    const { frames, frame } = file.kind;
    const usual = frame === 'bert' ? bertFrame(specialIds) : robertaFrame(specialIds);
    const tokens = { specialTokens, specialIds, idOf: (token: string) => file.ids.get(token) };
    this.#frame = file.postProcessor === undefined ? usual : readFrame(file.postProcessor, frames, tokens, usual);
    const normalize = (text: string): string => file.normalizer?.apply(text) ?? text;
    const named = (normalized: boolean) =>
      new AddedVocabulary(
        file.addedTokens
          .filter((token) => token.normalized === normalized)
          .map((token) => ({ token, text: normalized ? normalize(token.content) : token.content }))
          .filter(({ text }) => text !== ''),
      );
    this.#raw = named(false);
    this.#normalized = named(true);
    this.#decoded = new Map(
      file.addedTokens.filter((token) => token.normalized).map(({ id, content }) => [id, normalize(content)]),
    );
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
    return this.#file.ids.get(token);
  }

  /** Token of an id, undefined outside the vocabulary. */
  idToToken(id: number): string | undefined {
    return this.#file.tokens[id];
  }

  /**
   * One entry per id, 1 = the piece continues a word: `##ing` of WordPiece; where a mark begins the pieces that begin a word
   * (`Ġ`, `▁`), those without it whose first character is of a word. For whole-word masking.
   */
  continuations(): Uint8Array {
    return continuingPieces(this.#file);
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
    const where = this.#where('encode');
    checkOptions(where, options, encodeOptionNames);
    const { maxLength = Infinity, addSpecialTokens = true } = options;
    const frame = addSpecialTokens ? 2 : 0;
    checkText(where, 'text', text);
    checkLength(where, maxLength, frame + 1);
    const ids: number[] = addSpecialTokens ? [this.specialIds.cls] : [];
    const end = ids.length + maxLength - frame;
    if (this.#file.splitsAtWhitespace) {
      for (const chunk of text.split(chunkSeparator)) {
        if (chunk === '') continue;
        for (const id of this.#remembered(chunk, () => this.#idsOf(chunk, false))) ids.push(id);
        if (ids.length >= end) break;
      }
    } else {
      for (const id of this.#idsOf(text, true)) ids.push(id);
    }
    if (ids.length > end) ids.length = end;
    if (addSpecialTokens) ids.push(this.specialIds.sep);
    return ids;
  }

  /**
   * Tokens of a text, or of two, with their places in it.
   *
   * ```ts
   * const [question] = tokenizer.encodeText('who?', { pair: context, maxLength: 384 });
   * const windows = tokenizer.encodeText(long, { maxLength: 512, stride: 128 });
   * ```
   *
   * @returns one window, or with `stride` as many as it takes
   */
  encodeText(text: string, options: EncodeTextOptions = {}): EncodedText[] {
    const where = this.#where('encodeText');
    checkOptions(where, options, encodeTextOptionNames);
    const { maxLength = Infinity, addSpecialTokens = true, pair, truncate = 'longest', stride } = options;
    checkText(where, 'text', text);
    if (pair !== undefined) checkText(where, 'pair', pair);
    if (!['longest', 'first', 'second'].includes(truncate))
      throw new InvalidOptionError(where, 'truncate', "'longest', 'first' or 'second'", truncate);
    if (stride !== undefined && !(Number.isSafeInteger(stride) && stride >= 0))
      throw new InvalidOptionError(where, 'stride', 'an integer of at least 0', stride);
    if (stride !== undefined && pair !== undefined && truncate === 'longest')
      throw new InvalidOptionError(where, 'truncate', "'first' or 'second' with a stride over a pair", truncate);
    const frame = this.#frameOf(where, pair !== undefined, addSpecialTokens);
    const around = frame.filter((part) => 'id' in part).length;
    checkLength(where, maxLength, around + 1);
    const tokens = [text, ...(pair === undefined ? [] : [pair])].map((each) => this.#placed(each));
    const [first, second] = tokens;
    const room = maxLength - around;
    return pairWindows(where, [first!.length, second?.length], { room, truncate, stride }).map((spans) =>
      frameWindow(frame, tokens, [spans.first, spans.second], this.#frame.trim),
    );
  }

  /** Ids of several texts as one padded batch. */
  encodeBatch(texts: readonly string[], options: EncodeBatchOptions = {}): EncodedBatch {
    const where = this.#where('encodeBatch');
    const { padding, pairs, truncate, ...each } = checkOptions(where, options, encodeBatchOptionNames);
    if (!Array.isArray(texts)) throw new InvalidOptionError(where, 'texts', 'an array of strings', texts);
    if (pairs !== undefined && !(Array.isArray(pairs) && pairs.length === texts.length))
      throw new InvalidOptionError(where, 'pairs', `an array of ${texts.length} strings, one for each text`, pairs);
    if (padding !== undefined && padding !== 'longest' && padding !== 'maxLength')
      throw new InvalidOptionError(where, 'padding', "'longest' or 'maxLength'", padding);
    if (padding === 'maxLength' && !Number.isFinite(options.maxLength))
      throw new InvalidOptionError(where, 'maxLength', "given with padding 'maxLength'", options.maxLength);
    const encoded = (texts as readonly string[]).map((text, index) => {
      if (pairs === undefined) return { ids: this.encode(text, each) };
      return this.encodeText(text, {
        ...each,
        pair: pairs[index]!,
        ...(truncate === undefined ? {} : { truncate }),
      })[0]!;
    });
    return padEncoded(encoded, padding === 'maxLength' ? options.maxLength : undefined, this.specialIds.pad);
  }

  /** Text of ids, pieces joined to words. */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    const where = this.#where('decode');
    checkOptions(where, options, decodeOptionNames);
    const special = options.skipSpecialTokens === false ? undefined : this.allSpecialIds();
    const kept = Array.from(ids).filter((id) => special?.has(id) !== true);
    const { tokens, decode } = this.#file;
    for (const id of kept)
      if (tokens[id] === undefined)
        throw new InvalidOptionError(where, 'ids', `ids from 0 to ${this.vocabSize - 1}`, id);
    const pieces = kept.map((id) => this.#decoded.get(id) ?? tokens[id]!);
    return decode === undefined ? pieces.join(' ') : decode(pieces).join('');
  }

  #where(method: string): string {
    return `${this.#file.kind.className}.${method}`;
  }

  #frameOf(where: string, isPair: boolean, addSpecialTokens: boolean): Frame['single'] {
    if (addSpecialTokens) {
      const frame = isPair ? this.#frame.pair : this.#frame.single;
      if (frame !== undefined) return frame;
      throw new InvalidOptionError(
        where,
        'pair',
        'left out: the tokenizer.json does not say how two texts are put together (encode them one by one, or add a pair to its post_processor)',
        'a second text',
      );
    }
    const types = (isPair ? this.#frame.pair : undefined) ?? this.#frame.single;
    const typeOf = (text: 0 | 1): number =>
      types.find((part) => 'sequence' in part && part.sequence === text)?.typeId ?? 0;
    const parts = [{ sequence: 0, typeId: typeOf(0) }] as const;
    return isPair ? [...parts, { sequence: 1, typeId: typeOf(1) }] : parts;
  }

  #remembered(key: string, make: () => readonly number[]): readonly number[] {
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const ids = make();
    if (key.length <= cachedLength) {
      if (this.#cache.size >= cacheLimit) this.#cache.clear();
      this.#cache.set(key, ids);
    }
    return ids;
  }

  /** Ids of a text without the frame. */
  #idsOf(text: string, remembersWords: boolean): number[] {
    const { model } = this.#file;
    const ids: number[] = [];
    this.#walk(
      AlignedText.of(wellFormed(text), false),
      (id) => ids.push(id),
      ({ text: word }) => {
        const pieces = remembersWords ? this.#remembered(word, () => model.pieces(word)) : model.pieces(word);
        for (const id of pieces) ids.push(id);
      },
    );
    return ids;
  }

  /** Ids of a text without the frame, and their places. */
  #placed(text: string): PlacedTokens {
    const { model, tokens } = this.#file;
    const placed = new PlacedTokens(text);
    this.#walk(
      AlignedText.of(wellFormed(text), true),
      (id, segment) => placed.push(id, segment, 0, segment.text.length, segment.text),
      (word) => {
        const places: number[] = [];
        model.pieces(word.text, places).forEach((id, index) => {
          placed.push(id, word, places[2 * index]!, places[2 * index + 1]!, tokens[id]!);
        });
      },
    );
    return placed;
  }

  /** Added tokens, then normalised words, in the order of the text. */
  #walk(
    text: AlignedText,
    onAdded: (id: number, segment: AlignedText) => void,
    onWord: (word: AlignedText) => void,
  ): void {
    const { normalizer, preTokenize } = this.#file;
    for (const { start, end, id } of this.#raw.split(text.text)) {
      const segment = text.slice(start, end);
      if (id !== undefined) {
        onAdded(id, segment);
        continue;
      }
      const normalized = normalizer === undefined ? segment : normalizer.align(segment);
      for (const part of this.#normalized.split(normalized.text)) {
        const piece = normalized.slice(part.start, part.end);
        if (part.id !== undefined) onAdded(part.id, piece);
        else for (const word of preTokenize?.(piece) ?? [piece]) onWord(word);
      }
    }
  }
}

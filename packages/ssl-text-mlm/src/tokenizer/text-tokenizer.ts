import type { NdArray } from '@selfsup/ssl-tensor/host';
import type { DecodeOptions } from './tokenizer-options.js';
import type { SpecialTokenIds, SpecialTokens } from './special-tokens.js';

/** How a text becomes ids. */
export interface EncodeOptions {
  /** Longest result with `[CLS]` and `[SEP]`; the rest of the text is cut off. Default: no limit. */
  readonly maxLength?: number;
  /** Put `[CLS]` before and `[SEP]` after. Default true. */
  readonly addSpecialTokens?: boolean;
}

/** Which of two texts is cut to fit: the longer one token by token, the first, or the second. */
export type PairTruncation = 'longest' | 'first' | 'second';

/** How a text, or two, become tokens with their places. */
export interface EncodeTextOptions extends EncodeOptions {
  /** A second text, as of an answer to a question. */
  readonly pair?: string;
  /** Which of two texts is cut. Default `longest`. */
  readonly truncate?: PairTruncation;
  /**
   * Tokens that two windows share: what `maxLength` cuts off then follows in further windows. Of two texts the one that is
   * cut must be named by `truncate`. Default: one window.
   */
  readonly stride?: number;
}

/** How texts become one batch. */
export interface EncodeBatchOptions extends EncodeOptions {
  /** `longest` pads to the longest text, `maxLength` to `maxLength`. Default `longest`. */
  readonly padding?: 'longest' | 'maxLength';
  /** Second texts, one for each. */
  readonly pairs?: readonly string[];
  /** Which of two texts is cut. Default `longest`. */
  readonly truncate?: PairTruncation;
}

/** Tokens of a text, or of two, with what they come from. */
export interface EncodedText {
  /** `[tokens]`. */
  readonly ids: Int32Array;
  /** `[tokens]`, 0 or 1 as the model's frame has it. */
  readonly typeIds: Int32Array;
  /** `[tokens, 2]`, start and end in UTF-16 code units, for `text.slice(start, end)`; 0 and 0 of special tokens. */
  readonly offsets: Int32Array;
  /** `[tokens]`, 0 = of the text, 1 = of the second one, -1 = of neither. */
  readonly sequences: Int8Array;
}

/** Encoded texts, padded with `[PAD]` on the right. */
export interface EncodedBatch {
  /** `[texts, tokens]`. */
  readonly inputIds: NdArray<Int32Array>;
  /** `[texts, tokens]`, 1 = token, 0 = padding. */
  readonly attentionMask: NdArray<Int32Array>;
  /** `[texts, tokens]`, only of pairs: 0 or 1 as the model's frame has it, 0 = padding. */
  readonly tokenTypeIds?: NdArray<Int32Array>;
}

/** What loaders, `fillMask` and encoders ask of a tokeniser, whatever its kind. */
export interface TextTokenizer {
  /** Number of ids. */
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  readonly specialIds: SpecialTokenIds;
  /** Ids of a text: `[CLS] text [SEP]`. */
  encode(text: string, options?: EncodeOptions): number[];
  /** Tokens of a text with their places, in one window or in several. */
  encodeText(text: string, options?: EncodeTextOptions): EncodedText[];
  /** Ids of several texts as one padded batch. */
  encodeBatch(texts: readonly string[], options?: EncodeBatchOptions): EncodedBatch;
  /** Text of ids. */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** Id of a token, undefined if the vocabulary lacks it. */
  tokenToId(token: string): number | undefined;
  /** Token of an id, undefined outside the vocabulary. */
  idToToken(id: number): string | undefined;
  /** One entry per id, 1 = the piece continues a word. For whole-word masking. */
  continuations(): Uint8Array;
  /** Ids of all special tokens: never masked, never drawn as a random token. */
  allSpecialIds(): Set<number>;
  /** The `tokenizer.json` document. */
  toJson(): Readonly<Record<string, unknown>>;
  /** Writes the `tokenizer.json`, whole or not at all. */
  save(path: string): Promise<void>;
}

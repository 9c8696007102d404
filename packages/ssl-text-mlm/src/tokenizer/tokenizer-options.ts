import type { OptionNames } from '@selfsup/ssl-tensor/host';
import type { SpecialTokens } from './special-tokens.js';

/** Options of `WordPieceTokenizer.fromFolder`. */
export interface TokenizerFolderOptions {
  /** Names of the special tokens. Default: the folder's. */
  readonly specialTokens?: SpecialTokens;
  /** Encoding of the files, by a name that TextDecoder knows. Default `utf-8`. */
  readonly encoding?: string;
}

/** Names of {@link TokenizerFolderOptions}. */
export const tokenizerFolderOptionNames: OptionNames<TokenizerFolderOptions> = {
  specialTokens: 'optional',
  encoding: 'optional',
};

/** Options of `WordPieceTokenizer.fromFile`. */
export interface TokenizerFileOptions {
  /** Names of the special tokens. Default BERT's. */
  readonly specialTokens?: SpecialTokens;
  /** Encoding of the file, by a name that TextDecoder knows. Default `utf-8`. */
  readonly encoding?: string;
  /** Largest file. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** Names of {@link TokenizerFileOptions}. */
export const tokenizerFileOptionNames: OptionNames<TokenizerFileOptions> = {
  specialTokens: 'optional',
  encoding: 'optional',
  maxBytes: 'optionalNumber',
};

/** Options of `WordPieceTokenizer.fromJson`. */
export interface TokenizerJsonOptions {
  /** Names of the special tokens. Default BERT's. */
  readonly specialTokens?: SpecialTokens;
  /** File that errors name. */
  readonly path?: string;
}

/** Names of {@link TokenizerJsonOptions}. */
export const tokenizerJsonOptionNames: OptionNames<TokenizerJsonOptions> = {
  specialTokens: 'optional',
  path: 'optional',
};

/** Options of `WordPieceTokenizer.decode`. */
export interface DecodeOptions {
  /** Leave `[CLS]`, `[SEP]`, `[PAD]` out. Default true. */
  readonly skipSpecialTokens?: boolean;
}

/** Names of {@link DecodeOptions}. */
export const decodeOptionNames: OptionNames<DecodeOptions> = { skipSpecialTokens: 'optionalFlag' };

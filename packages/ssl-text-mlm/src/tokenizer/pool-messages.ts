import type { SpecialTokens } from './special-tokens.js';
import type { EncodedText, EncodeOptions, EncodeTextOptions } from './text-tokenizer.js';

/** What a thread of a `TokenizerPool` gets at its start. */
export interface PoolStart {
  /** Text of the `tokenizer.json`. */
  readonly json: string;
  readonly specialTokens: SpecialTokens;
}

/** Texts to encode: their ids alone, or tokens with their places. */
export type PoolTask =
  | { readonly kind: 'ids'; readonly texts: readonly string[]; readonly options: EncodeOptions }
  | {
      readonly kind: 'texts';
      readonly texts: readonly string[];
      readonly pairs: readonly string[] | undefined;
      readonly options: Omit<EncodeTextOptions, 'pair'>;
    };

/** To a thread. */
export interface PoolRequest {
  readonly id: number;
  readonly task: PoolTask;
}

/** From a thread: what was asked for, or why not. */
export interface PoolReply {
  readonly id: number;
  readonly ids?: readonly Int32Array[];
  readonly texts?: readonly (readonly EncodedText[])[];
  readonly error?: string;
}

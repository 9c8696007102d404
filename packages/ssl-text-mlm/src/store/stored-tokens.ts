import type { StoreHeader } from './store-header.js';

/** What the views of a store read of it. */
export interface StoredTokens {
  readonly path: string;
  readonly header: StoreHeader;
  /** Number of texts. */
  readonly length: number;
  /** Number of ids, with the one after each text. */
  readonly tokens: number;
  /** Where a text lies in the stream of ids, its `[SEP]` included. */
  rangeOf(text: number): { readonly start: number; readonly end: number };
  /** Ids of every text without its `[SEP]`, `[texts]`; 4 bytes of memory each. */
  sizes(): Int32Array;
  /** Fills with the ids of the stream from `start` on. */
  read(into: Int32Array, start: number): void;
}

/** One encoded text. */
export interface TokenSample {
  /** Ids with `[CLS]` and `[SEP]`, a view into the data set where that is in memory. */
  readonly ids: Int32Array;
  /** Class, -1 = no label; where the data set has labels. */
  readonly label?: number;
}

/** Encoded sequences that a loader reads by their number: a `TokenDataset` in memory, or a view of a `TokenStore` on disk. */
export interface TokenSource {
  /** Number of sequences. */
  readonly length: number;
  /** The largest id, or one that no id is above. */
  readonly largestId: number;
  /** Every sequence is known to have a token to mask, so that nobody has to read them all before. Default false. */
  readonly isMaskable?: boolean;
  /** Ids with `[CLS]` and `[SEP]`; to be read before the next call. */
  get(index: number): TokenSample;
  /** Length of every sequence, in tokens. */
  lengths(): Int32Array;
  /** Some of the sequences, in that order. */
  subset(indices: ArrayLike<number>): TokenSource;
}

/** One encoded text. */
export interface TokenSample {
  /** Ids with `[CLS]` and `[SEP]`, a view into the data set where that is in memory. */
  readonly ids: Int32Array;
  /** Class, -1 = no label; where the data set has labels. */
  readonly label?: number;
}

/** Two texts in one sequence, `[CLS] a [SEP] b [SEP]`. */
export interface PairSample extends TokenSample {
  /** Where the second text begins in `ids`, after the `[SEP]` of the first: from there on token types are 1. */
  readonly second: number;
  /** 0 = the second text follows the first, 1 = it does not; where this is to be told. */
  readonly pairLabel?: 0 | 1;
}

/** What can be read by its number. */
export interface TokenSamples {
  /** Ids with `[CLS]` and `[SEP]`; to be read before the next call. */
  get(index: number): TokenSample | PairSample;
}

/** Encoded sequences that a loader reads by their number: a `TokenDataset` in memory, or a view of a `TokenStore` on disk. */
export interface TokenSource extends TokenSamples {
  /** Number of sequences. */
  readonly length: number;
  /** The largest id, or one that no id is above. */
  readonly largestId: number;
  /** Every sequence is known to have a token to mask, so that nobody has to read them all before. Default false. */
  readonly isMaskable?: boolean;
  /** What an epoch has, where that is drawn anew each time. Default: every sequence. */
  readonly draws?: SourceDraws;
  /** Length of every sequence, in tokens. */
  lengths(): Int32Array;
  /** Some of the sequences, in that order. */
  subset(indices: ArrayLike<number>): TokenSource;
}

/** The sequences of an epoch, drawn from those of a source, or made of them. */
export interface SourceDraws {
  /** `[drawn]`: length of what is drawn for each place of an epoch, at the most. */
  readonly lengths: Int32Array;
  /** `[drawn + 1]`: place i has one of `candidates[starts[i] .. starts[i + 1])`, or what is made of it. */
  readonly starts: Int32Array;
  /** Numbers of sequences of the source. */
  readonly candidates: Int32Array;
  /** The sequences by place, by the source's key and the epoch alone. */
  epoch(epoch: number): TokenSamples;
}

/** Pairs of texts that follow one another: `TokenStore.pairs`, or `documentPairs`. */
export interface PairSource extends TokenSource {
  /** Longest pair with its frame, tokens. */
  readonly maxLength: number;
  /** `[pairs]`, the document of each. Default: each is one. */
  readonly documents?: Int32Array;
  get(index: number): PairSample;
}

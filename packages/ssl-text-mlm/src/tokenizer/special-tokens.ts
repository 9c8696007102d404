/** The five special tokens of a BERT vocabulary. */
export interface SpecialTokens {
  /** Fills a batch; never attended to. */
  readonly pad: string;
  /** Stands for a word that the vocabulary cannot spell. */
  readonly unk: string;
  /** First token of every sequence. */
  readonly cls: string;
  /** Last token of every sequence. */
  readonly sep: string;
  /** Hides a token in masked-language modelling. */
  readonly mask: string;
}

/** BERT's own names; they take the first ids in this order (arXiv:1810.04805). */
export const bertSpecialTokens: SpecialTokens = {
  pad: '[PAD]',
  unk: '[UNK]',
  cls: '[CLS]',
  sep: '[SEP]',
  mask: '[MASK]',
};

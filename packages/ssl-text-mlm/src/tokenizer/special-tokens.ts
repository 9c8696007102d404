/** The five special tokens of a vocabulary. */
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

/** Ids of the special tokens. */
export type SpecialTokenIds = { readonly [K in keyof SpecialTokens]: number };

/** BERT's own names; they take the first ids in this order (arXiv:1810.04805). ModernBERT and DeBERTa have them too. */
export const bertSpecialTokens: SpecialTokens = {
  pad: '[PAD]',
  unk: '[UNK]',
  cls: '[CLS]',
  sep: '[SEP]',
  mask: '[MASK]',
};

/** RoBERTa's names (arXiv:1907.11692), and XLM-R's. */
export const robertaSpecialTokens: SpecialTokens = {
  pad: '<pad>',
  unk: '<unk>',
  cls: '<s>',
  sep: '</s>',
  mask: '<mask>',
};

/** ALBERT's names (arXiv:1909.11942). */
export const albertSpecialTokens: SpecialTokens = {
  pad: '<pad>',
  unk: '<unk>',
  cls: '[CLS]',
  sep: '[SEP]',
  mask: '[MASK]',
};

/** The names that a vocabulary has, of those that are usual; BERT's where it has none of them whole. */
export function usualSpecialTokens(has: (token: string) => boolean): SpecialTokens {
  const usual = [bertSpecialTokens, robertaSpecialTokens, albertSpecialTokens];
  return usual.find((names) => (Object.values(names) as string[]).every(has)) ?? bertSpecialTokens;
}

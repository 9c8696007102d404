import {
  checkCount,
  checkNumber,
  checkOptions,
  checkShare,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';

/** How long the stretches of words are that are masked together. */
export interface SpanOptions {
  /** p of the geometric law: a span of n words has the share p (1 - p)^(n - 1). Default 0.2. */
  readonly probability?: number;
  /** Longest span, in words; the law is that of spans which are no longer. Default 10. */
  readonly longest?: number;
}

/** Options of masked-language modelling. */
export interface MaskingOptions {
  /** Share of the tokens to predict. */
  readonly maskProbability: number;
  /** Share of those that become `[MASK]`. */
  readonly maskTokenShare: number;
  /** Share of those that become a random token; the rest stays as it is. */
  readonly randomTokenShare: number;
  /** Choose words instead of pieces: all pieces of a chosen word are predicted. */
  readonly wholeWords: boolean;
  /**
   * Choose stretches of whole words, whatever `wholeWords` says. A span becomes `[MASK]`, random tokens or stays as one.
   * Default: none.
   */
  readonly spans?: SpanOptions;
}

/** Names of {@link MaskingOptions}. */
export const maskingOptionNames: OptionNames<MaskingOptions> = {
  maskProbability: 'requiredNumber',
  maskTokenShare: 'requiredNumber',
  randomTokenShare: 'requiredNumber',
  wholeWords: 'requiredFlag',
  spans: 'optional',
};

const partialMaskingNames: OptionNames<Partial<MaskingOptions>> = {
  maskProbability: 'optionalNumber',
  maskTokenShare: 'optionalNumber',
  randomTokenShare: 'optionalNumber',
  wholeWords: 'optionalFlag',
  spans: 'optional',
};

const spanOptionNames: OptionNames<SpanOptions> = { probability: 'optionalNumber', longest: 'optionalNumber' };

/** BERT's masking: 15 % of the tokens, of which 80 % `[MASK]`, 10 % random, 10 % unchanged (arXiv:1810.04805, A.1). */
export const bertMasking: MaskingOptions = {
  maskProbability: 0.15,
  maskTokenShare: 0.8,
  randomTokenShare: 0.1,
  wholeWords: false,
};

/** SpanBERT's: the same shares, in spans of 3.8 words on average (Joshi et al. 2019, arXiv:1907.10529, section 3.1). */
export const spanBertMasking: MaskingOptions & { readonly spans: Required<SpanOptions> } = {
  ...bertMasking,
  wholeWords: true,
  spans: { probability: 0.2, longest: 10 },
};

/** Whether words are chosen, and not pieces. */
export const choosesWords = ({ wholeWords, spans }: MaskingOptions): boolean => wholeWords || spans !== undefined;

/** @throws InvalidOptionError for spans that are out of range */
export function spanOptions(where: string, spans: SpanOptions): Required<SpanOptions> {
  const given = { ...spanBertMasking.spans, ...checkOptions(where, spans, spanOptionNames, 'masking.spans') };
  checkNumber(where, 'masking.spans.probability', given.probability, 0, 1);
  checkCount(where, { 'masking.spans.longest': given.longest });
  return given;
}

/**
 * Options with the defaults of {@link bertMasking}.
 *
 * @throws InvalidOptionError for one that is unknown or out of range
 */
export function maskingOptions(where: string, options: Partial<MaskingOptions>): MaskingOptions {
  const masking = { ...bertMasking, ...checkOptions(where, options, partialMaskingNames, 'masking') };
  const { maskProbability, maskTokenShare, randomTokenShare, spans } = masking;
  if (!(maskProbability > 0 && maskProbability <= 1))
    throw new InvalidOptionError(where, 'masking.maskProbability', 'above 0 and at most 1', maskProbability);
  for (const [name, share] of Object.entries({ maskTokenShare, randomTokenShare }))
    checkShare(where, { [`masking.${name}`]: share });
  if (maskTokenShare + randomTokenShare > 1 + 1e-9)
    throw new InvalidOptionError(where, 'masking.randomTokenShare', `at most ${1 - maskTokenShare}`, randomTokenShare);
  if (spans !== undefined) spanOptions(where, spans);
  return masking;
}

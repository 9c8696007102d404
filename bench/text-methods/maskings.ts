import { bertMasking, type MaskingOptions, spanBertMasking } from '@selfsup/ssl-text-mlm';

/** Ways of masking by which a BERT is pretrained. */
export const maskings = {
  dynamic: {},
  static: {},
  'whole words': { wholeWords: true },
  spans: spanBertMasking,
  '30 %': { maskProbability: 2 * bertMasking.maskProbability },
  'masks alone': { maskTokenShare: 1, randomTokenShare: 0 },
} as const satisfies Record<string, Partial<MaskingOptions>>;

/** Name of a way of masking; `static` has the masks of the first epoch in each. */
export type MaskingName = keyof typeof maskings;

import { randomKey } from '@selfsup/ssl-core';
import {
  BertForMaskedLM,
  type BertConfig,
  bertConfig,
  bertConfigToJson,
  LoadedTextEncoder,
  type TextEncoderDescription,
  type TextTokenizer,
} from '@selfsup/ssl-text-mlm';

/** A sentence encoder with its first weights, which computes as a trained one does. */
export function randomEncoder(
  tokenizer: TextTokenizer,
  sizes: Partial<BertConfig>,
  maxLength: number,
): LoadedTextEncoder {
  const config = bertConfig({ ...sizes, vocabSize: tokenizer.vocabSize, padTokenId: tokenizer.specialIds.pad });
  const description = {
    format: 1,
    config: bertConfigToJson(config, 'BertForMaskedLM') as TextEncoderDescription['config'],
    specialTokens: tokenizer.specialTokens,
    maxLength,
    pooling: 'mean',
    method: { name: 'none', settings: {} },
    training: {},
    versions: {},
  } as const satisfies TextEncoderDescription;
  return new LoadedTextEncoder(new BertForMaskedLM(config, { key: randomKey(0) }), tokenizer, description);
}

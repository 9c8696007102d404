import { type Encoder, Module } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { BertInputs } from '../bert/bert-inputs.js';

/** @throws InvalidOptionError for what gives no vector of a text */
export function checkTextEncoder(
  where: string,
  option: string,
  encoder: unknown,
): asserts encoder is Encoder<BertInputs> {
  const given = encoder as Partial<Encoder<BertInputs>> | null | undefined;
  if (encoder instanceof Module && typeof given?.forward === 'function' && given.featureDim! > 0) return;
  const advice = "Such as new BertTextEncoder(new BertModel(config, { key }), { pooling: 'cls' })";
  throw new InvalidOptionError(where, option, 'a module with featureDim and forward(inputs, ctx)', encoder, advice);
}

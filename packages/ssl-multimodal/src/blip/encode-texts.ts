import { InvalidOptionError } from '@selfsup/ssl-core';
import type { EncodedBatch } from '@selfsup/ssl-text-mlm';
import type { BlipParts } from './blip-parts.js';

/**
 * Texts as the text model reads them, all padded to the longest.
 *
 * @throws InvalidOptionError for what are no texts, and for one that is longer than the model reads
 */
export function encodeTexts(where: string, { tokenizer, modules }: BlipParts, texts: readonly string[]): EncodedBatch {
  if (!Array.isArray(texts) || texts.length === 0)
    throw new InvalidOptionError(where, 'texts', 'an array of texts, one or more', texts);
  texts.forEach((text, at) => {
    if (typeof text !== 'string') throw new InvalidOptionError(where, `texts[${at}]`, 'a text', text);
  });
  const batch = tokenizer.encodeBatch(texts);
  const [, longest] = batch.inputIds.shape as [number, number];
  const most = modules.matcher.text.config.maxPositionEmbeddings;
  if (longest <= most) return batch;
  const row = batch.attentionMask.data.findIndex((value, at) => value === 1 && at % longest === most);
  const at = Math.floor(row / longest);
  throw new InvalidOptionError(
    where,
    `texts[${at}]`,
    `at most the ${most} tokens that the model reads`,
    texts[at],
    'Shorten it, or make the text configuration with more maxPositionEmbeddings',
  );
}

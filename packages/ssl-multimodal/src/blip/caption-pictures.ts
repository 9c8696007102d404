import { InvalidOptionError, type NdArray } from '@selfsup/ssl-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { BlipParts } from './blip-parts.js';
import { generateIds, type GenerateOptions, generateOptionNames } from './generate/generate-ids.js';

/** Options of `Blip.caption`. */
export interface CaptionOptions extends GenerateOptions {
  /** What every caption begins with, such as `a picture of`; it is part of the result. Default nothing. */
  readonly prompt?: string;
}

const captionOptionNames: OptionNames<CaptionOptions> = { ...generateOptionNames, prompt: 'optional' };

/** As `Blip.caption` says. */
export async function captionPictures(
  { modules, tokenizer, tokenIds, normalize }: BlipParts,
  pictures: NdArray<Uint8Array>,
  options: CaptionOptions,
): Promise<string[]> {
  const { prompt = '', ...search } = checkOptions('Blip.caption', options, captionOptionNames);
  if (typeof prompt !== 'string') throw new InvalidOptionError('Blip.caption', 'prompt', 'a text', prompt);
  const { sep, pad } = tokenizer.specialIds;
  const begin = [tokenIds.decode, ...tokenizer.encode(prompt, { addSpecialTokens: false })];
  const ids = await generateIds(modules.captioner, pictures, normalize, { begin, end: sep, pad }, search);
  return ids.map((text) => tokenizer.decode(text));
}

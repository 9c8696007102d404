import { checkNumber, InvalidOptionError, type RandomKey } from '@selfsup/ssl-core';
import { checkOptions, type OptionNames } from '@selfsup/ssl-tensor/host';
import type { Blip } from './blip.js';
import type { ImageTextPairs } from './match-scores.js';

/** Options of {@link capFilt}. */
export interface CapFiltOptions {
  /** A BLIP that writes well: fine-tuned as a captioner. */
  readonly captioner: Blip;
  /** A BLIP that matches well: fine-tuned on retrieval. May be the same. */
  readonly filter: Blip;
  /** Source of the captions' draws. */
  readonly key: RandomKey;
  /** Probability of a match above which a text stays. Default 0.5. */
  readonly threshold?: number;
  /** Probability of the tokens that captions are drawn from. Default 0.9. */
  readonly topP?: number;
}

const capFiltOptionNames: OptionNames<CapFiltOptions> = {
  captioner: 'required',
  filter: 'required',
  key: 'requiredKey',
  threshold: 'optionalNumber',
  topP: 'optionalNumber',
};

/** A text that {@link capFilt} keeps. */
export interface FilteredText {
  /** Number of its picture. */
  readonly picture: number;
  readonly text: string;
  /** The picture's own, or the captioner's. */
  readonly source: 'given' | 'written';
  /** Probability of the match. */
  readonly score: number;
}

/**
 * CapFilt, BLIP's cure for noisy pairs: each picture gets a written text beside its own, and of both stay those that the
 * filter takes for a match. Pretrain anew on what is left.
 *
 * Captions are drawn (nucleus sampling): in the paper's table 2 various captions serve better than likely ones.
 *
 * @returns texts in the order of the pictures, the given one first; a picture may have two, one or none
 * @throws InvalidOptionError and ShapeError as `Blip.caption` and `Blip.matchScore`
 * Source: Li et al. 2022, arXiv 2201.12086, section 3.3.
 */
export async function capFilt(pairs: ImageTextPairs, options: CapFiltOptions): Promise<FilteredText[]> {
  const where = 'capFilt';
  const { captioner, filter, key, threshold = 0.5, topP = 0.9 } = checkOptions(where, options, capFiltOptionNames);
  checkNumber(where, 'threshold', threshold, 0, 1);
  for (const [name, blip] of Object.entries({ captioner, filter }))
    if (typeof (blip as Partial<Blip> | null)?.matchScore !== 'function')
      throw new InvalidOptionError(where, name, 'a Blip', blip);
  const { images, texts } = pairs;
  const given = await filter.matchScore(pairs);
  const captions = await captioner.caption(images, { search: 'nucleus', topP, key });
  const written = await filter.matchScore({ images: images, texts: captions });
  return texts.flatMap((text, picture): FilteredText[] =>
    [
      { picture, text, source: 'given', score: given[picture]! } as const,
      { picture, text: captions[picture]!, source: 'written', score: written[picture]! } as const,
    ].filter(({ score }) => score > threshold),
  );
}

import {
  checkChoice,
  checkCount,
  checkInteger,
  checkNumber,
  checkOptions,
  InvalidOptionError,
  type NdArray,
  type OptionNames,
  type RandomKey,
} from '@selfsup/ssl-core';
import type { ImageStatistics } from '@selfsup/ssl-vision';
import { inBatches } from '@selfsup/ssl-transfer';
import type { BlipCaptioner } from '../blip-captioner.js';
import { checkPictures } from '../check-pictures.js';
import { beamSearch } from './beam-search.js';
import { CaptionScorer } from './caption-scorer.js';
import { type Draft, largest, type NextTokens } from './caption-search.js';
import { nucleus } from './nucleus.js';
import { oneByOne } from './one-by-one.js';

/** How texts are written. */
export interface GenerateOptions {
  /**
   * `greedy`: the likeliest token each time. `beam`: the likeliest text of a search with several drafts. `nucleus`: drawn
   * from the likeliest tokens, so that texts are more various. Default `greedy`.
   */
  readonly search?: 'greedy' | 'beam' | 'nucleus';
  /** Drafts of `beam`. Default 3. */
  readonly beams?: number;
  /** Of `beam`: above 0 favours long texts, below 0 short ones. Default 1, as transformers. */
  readonly lengthPenalty?: number;
  /** Probability of the tokens that `nucleus` draws from, in (0, 1]. Default 0.9. */
  readonly topP?: number;
  /** Source of the draws, needed with `nucleus`. */
  readonly key?: RandomKey;
  /** Longest text, in tokens with the first one and the prompt. Default 30, or what the model reads where that is less. */
  readonly maxLength?: number;
  /** Shortest text, counted so. Default: no least. */
  readonly minLength?: number;
  /** Pictures at once. Default 16. */
  readonly batchSize?: number;
}

/** Names of {@link GenerateOptions}. */
export const generateOptionNames: OptionNames<GenerateOptions> = {
  search: 'optional',
  beams: 'optionalNumber',
  lengthPenalty: 'optionalNumber',
  topP: 'optionalNumber',
  key: 'optionalKey',
  maxLength: 'optionalNumber',
  minLength: 'optionalNumber',
  batchSize: 'optionalNumber',
};

/** Defaults of {@link GenerateOptions}: `generate` of `models/blip.py` of salesforce/BLIP, whose least is 10 tokens. */
export const generateDefaults = {
  search: 'greedy',
  beams: 3,
  lengthPenalty: 1,
  topP: 0.9,
  maxLength: 30,
  minLength: 0,
  batchSize: 16,
} as const;

/** What {@link generateIds} begins and ends with. */
export interface GenerateFrame {
  /** Start token and prompt. */
  readonly begin: readonly number[];
  readonly end: number;
  readonly pad: number;
}

/**
 * Texts of pictures as ids, from the start token to the end token, or to `maxLength` where none came.
 *
 * @param pictures uint8 `[n, height, width, channels]`
 * @throws InvalidOptionError for options out of range, a prompt that leaves no room, and `nucleus` without a key; ShapeError
 *   for what are no pictures
 */
export async function generateIds(
  captioner: BlipCaptioner,
  pictures: NdArray<Uint8Array>,
  normalize: ImageStatistics,
  frame: GenerateFrame,
  options: GenerateOptions = {},
): Promise<number[][]> {
  const where = 'caption';
  const all = { ...generateDefaults, ...checkOptions(where, options, generateOptionNames) };
  const { search, beams, lengthPenalty, topP, key, minLength, batchSize } = all;
  const most = captioner.decoder.config.maxPositionEmbeddings;
  checkChoice(where, 'search', search, ['greedy', 'beam', 'nucleus']);
  checkCount(where, { beams, batchSize });
  checkNumber(where, 'lengthPenalty', lengthPenalty);
  if (!(topP > 0 && topP <= 1)) throw new InvalidOptionError(where, 'topP', 'above 0 and at most 1', topP);
  const maxLength = options.maxLength ?? Math.min(generateDefaults.maxLength, most);
  checkInteger(where, 'maxLength', maxLength, frame.begin.length + 1, most);
  checkInteger(where, 'minLength', minLength, 0, maxLength);
  if (search === 'nucleus' && key === undefined)
    throw new InvalidOptionError(where, 'key', "given with search 'nucleus', such as randomKey(1)", key);
  checkPictures(where, pictures);
  const limits = { begin: frame.begin, end: frame.end, minLength, maxLength };
  const scorer = new CaptionScorer(captioner, normalize, frame.pad, maxLength);
  const texts: number[][] = [];
  try {
    for (const batch of inBatches(pictures, batchSize)) {
      const first = texts.length;
      const count = batch.shape[0]!;
      const size = Math.min(batchSize, pictures.shape[0]!);
      const memory = await scorer.encode(filledUp(batch, size));
      const rows = search === 'beam' ? size * beams : size;
      const next: NextTokens = (drafts: readonly Draft[]) => scorer.next(memory, drafts, rows);
      try {
        if (search === 'beam') texts.push(...(await beamSearch(count, next, limits, { beams, lengthPenalty })));
        else {
          const choose =
            search === 'greedy' ? (scores: Float32Array) => largest(scores, 1)[0]! : nucleus(topP, key!, first);
          texts.push(...(await oneByOne(count, next, limits, choose)));
        }
      } finally {
        memory.dispose();
      }
    }
  } finally {
    scorer.dispose();
  }
  return texts;
}

/** The pictures, and black ones after them up to `size`. */
function filledUp({ data, shape }: NdArray<Uint8Array>, size: number): NdArray<Uint8Array> {
  const [count, ...sides] = shape;
  if (count === size) return { data, shape };
  const full = new Uint8Array((data.length / count!) * size);
  full.set(data);
  return { data: full, shape: [size, ...sides] };
}

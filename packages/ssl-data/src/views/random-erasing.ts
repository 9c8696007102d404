import { checkOptions, checkShare, type OptionNames, type RandomKey, type RandomStream } from '@selfsup/ssl-core';
import { erase } from '../image/erase.js';
import type { Box } from '../image/box.js';
import { roundHalfEven } from '../image/round-half-even.js';
import { checkRange, type DescribedView, describedView, type Range } from './view.js';

export interface RandomErasingOptions {
  /** Probability. Default 0.5. */
  readonly p?: number;
  /** Part of the area that is erased. Default `[0.02, 0.33]`. */
  readonly scale?: Range;
  /** Height over width of the rectangle. Default `[0.3, 3.3]`. */
  readonly ratio?: Range;
  /** One value, one per channel, or `random`: each byte uniform over 0..255. Default 0. */
  readonly value?: number | readonly number[] | 'random';
}

const randomErasingOptionNames: OptionNames<RandomErasingOptions> = {
  p: 'optionalNumber',
  scale: 'optional',
  ratio: 'optional',
  value: 'optional',
};

/** One draw of {@link randomErasing}; `null` for an image that stays. */
export type RandomErasingParameters = { readonly box: Box; readonly noise: RandomKey | null } | null;

/**
 * Draws the rectangle of random erasing: area uniform in `scale`, ratio log-uniform in `ratio`, position uniform; ten
 * tries, then none.
 *
 * Source: torchvision's `RandomErasing.get_params`.
 */
export function drawErasedBox(
  height: number,
  width: number,
  scale: Range,
  ratio: Range,
  random: RandomStream,
): Box | undefined {
  const low = Math.log(ratio[0]);
  const high = Math.log(ratio[1]);
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = height * width * random.uniform(scale[0], scale[1]);
    const aspect = Math.exp(random.uniform(low, high));
    const boxHeight = roundHalfEven(Math.sqrt(area * aspect));
    const boxWidth = roundHalfEven(Math.sqrt(area / aspect));
    if (boxHeight >= height || boxWidth >= width) continue;
    const top = random.integer(height - boxHeight + 1);
    const left = random.integer(width - boxWidth + 1);
    return { top, left, height: boxHeight, width: boxWidth };
  }
  return undefined;
}

/**
 * Fills a random rectangle with probability `p`.
 *
 * @returns a view `[h, w, c] -> [h, w, c]`
 * @throws InvalidOptionError
 * Source: Zhong et al. 2017, arXiv 1708.04896, algorithm 1; torchvision's `RandomErasing`.
 * Deviates from torchvision in that it erases bytes, before normalisation: `random` is the paper's uniform noise, not a
 * normal deviate.
 */
export function randomErasing(options: RandomErasingOptions = {}): DescribedView<RandomErasingParameters> {
  checkOptions('randomErasing', options, randomErasingOptionNames);
  const { p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  checkShare('randomErasing', { p });
  checkRange('randomErasing', 'scale', scale, 0, 1);
  checkRange('randomErasing', 'ratio', ratio, Number.MIN_VALUE, Number.MAX_VALUE);
  return describedView<RandomErasingParameters>('randomErasing', options, {
    draw: (height, width, random) => {
      if (!random.bernoulli(p)) return null;
      const box = drawErasedBox(height, width, scale, ratio, random);
      if (box === undefined) return null;
      return { box, noise: value === 'random' ? [random.bits(), random.bits()] : null };
    },
    apply: (image, parameters) => {
      if (parameters === null) return image;
      const { box, noise } = parameters;
      return erase(image, box, noise === null ? (value === 'random' ? 0 : value) : { noise });
    },
  });
}

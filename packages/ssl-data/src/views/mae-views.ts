import { checkOptions } from '@selfsup/ssl-core';
import { compose } from './compose.js';
import { horizontalFlip } from './flip.js';
import { randomResizedCrop } from './random-resized-crop.js';
import type { DescribedView } from './view.js';
import { viewPairOptionNames, type ViewPairOptions } from './view-pair-options.js';

/** Defaults of {@link maeViews}: MAE's reference code. */
export const maeViewsDefaults = { size: 224, minScale: 0.2 } as const;

/**
 * MAE's one view: bicubic crop and flip, no colour changes.
 *
 * @returns one view `[h, w, c] -> [size, size, c]`
 * @throws InvalidOptionError
 * Source: He et al. 2021, arXiv 2111.06377, table 8; `main_pretrain.py` in its reference code.
 */
export function maeViews(options: ViewPairOptions = {}): readonly [DescribedView] {
  const { size, minScale } = { ...maeViewsDefaults, ...checkOptions('maeViews', options, viewPairOptionNames) };
  return [compose(randomResizedCrop({ size, scale: [minScale, 1], interpolation: 'bicubic' }), horizontalFlip())];
}

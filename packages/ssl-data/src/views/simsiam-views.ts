import { checkOptions } from '@selfsup/ssl-core';
import { mocoV2Views } from './moco-views.js';
import type { DescribedView } from './view.js';
import { viewPairOptionNames, type ViewPairOptions } from './view-pair-options.js';

/**
 * SimSiam's two views, which are MoCo v2's.
 *
 * @returns two views `[h, w, 3] -> [size, size, 3]`
 * @throws InvalidOptionError
 * Source: Chen and He 2020, arXiv 2011.10566, section 4 ("Baseline settings") and its reference code.
 */
export function simsiamViews(options: ViewPairOptions = {}): readonly [DescribedView, DescribedView] {
  checkOptions('simsiamViews', options, viewPairOptionNames);
  return mocoV2Views(options);
}

import { checkCount, type OptionNames } from '@selfsup/ssl-core';
import { compose } from './compose.js';
import { randomResizedCrop, type RandomResizedCropOptions } from './random-resized-crop.js';
import type { DescribedView, Range } from './view.js';

export interface MultiCropOptions {
  /** Side of the global views, pixels. */
  readonly size?: number;
  /** Side of the local views, pixels. */
  readonly localSize?: number;
  /** Number of local views; 0 for none. */
  readonly localCount?: number;
  /** Part of the area that a global crop keeps. */
  readonly globalScale?: Range;
  /** Part of the area that a local crop keeps. */
  readonly localScale?: Range;
}

/** Names of {@link MultiCropOptions}. */
export const multiCropOptionNames: OptionNames<MultiCropOptions> = {
  size: 'optionalNumber',
  localSize: 'optionalNumber',
  localCount: 'optionalNumber',
  globalScale: 'optional',
  localScale: 'optional',
};

/**
 * Large crops, each followed by a view of its own, then small crops, all followed by the same.
 *
 * @throws InvalidOptionError
 * Source: Caron et al. 2020 (SwAV), arXiv 2006.09882, section 3.2.
 */
export function multiCrop(
  where: string,
  { size, localSize, localCount, globalScale, localScale }: Required<MultiCropOptions>,
  interpolation: NonNullable<RandomResizedCropOptions['interpolation']>,
  globals: readonly DescribedView[],
  local: DescribedView,
): readonly DescribedView[] {
  checkCount(where, { localCount }, 0);
  const small = compose(randomResizedCrop({ size: localSize, scale: localScale, interpolation }), local);
  return [
    ...globals.map((view) => compose(randomResizedCrop({ size, scale: globalScale, interpolation }), view)),
    ...Array.from({ length: localCount }, () => small),
  ];
}

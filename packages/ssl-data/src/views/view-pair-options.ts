import type { OptionNames } from '@selfsup/ssl-core';

/** Options of the presets whose views all have one size. */
export interface ViewPairOptions {
  /** Output side, pixels. */
  readonly size?: number;
  /** Least part of the area that a crop keeps. */
  readonly minScale?: number;
}

/** Names of {@link ViewPairOptions}. */
export const viewPairOptionNames: OptionNames<ViewPairOptions> = {
  size: 'optionalNumber',
  minScale: 'optionalNumber',
};

/** Options of the presets whose views all have one size. */
export interface ViewPairOptions {
  /** Output side, pixels. */
  readonly size?: number;
  /** Least part of the area that a crop keeps. */
  readonly minScale?: number;
}

import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';

/** How image files become arrays; plain data. */
export interface ImageDecoding {
  /** 3 = RGB, 1 = grey. Default 3. */
  readonly channels?: 1 | 3;
  /**
   * Brings images to one size while decoding (JPEGs are then decoded at reduced size): `cover` cuts what sticks out,
   * `contain` pads with black, `stretch` distorts, `inside` keeps the proportions and so gives unequal sizes.
   */
  readonly resize?: {
    readonly width: number;
    readonly height: number;
    readonly fit: 'cover' | 'contain' | 'stretch' | 'inside';
  };
  /** Largest number of pixels of a file. Default 268,402,689 (16,383 x 16,383). */
  readonly maxPixels?: number;
  /**
   * `ignore` takes the levels as the file holds them, as Pillow and torchvision do; `convert` converts them from the
   * embedded ICC profile, where there is one, to sRGB. Default `ignore`.
   */
  readonly colorProfile?: 'ignore' | 'convert';
  /**
   * The values of the file that become level 0 and level 255, `[low, high]`; what lies beyond them is clipped, NaN is 0 (of
   * floats of 16 bits 255: libvips takes it for infinity).
   * For pictures of other types than unsigned integers of up to 8 bits: TIFF of 8 to 32 signed, 16 and 32 unsigned bits
   * and floats of 16 and 32, PNG and PGM/PPM/PAM of 16 bits. Without it 16 unsigned bits are scaled as the formats say
   * and the other types are refused.
   */
  readonly range?: readonly [low: number, high: number];
  /**
   * What transparent pixels are blended over, before any resizing of what the file holds: a colour of three levels, or
   * `drop` for the colours that the file hides there, unblended, as Pillow's `convert('RGB')` and torchvision give them
   * (and as maps of labels want it, whose levels are no colours). Opaque pictures are the same either way. Default `white`.
   */
  readonly background?: 'white' | 'black' | 'drop' | readonly [red: number, green: number, blue: number];
}

/** Names of {@link ImageDecoding}. */
export const imageDecodingOptionNames: OptionNames<ImageDecoding> = {
  channels: 'optionalNumber',
  resize: 'optional',
  maxPixels: 'optionalNumber',
  colorProfile: 'optional',
  range: 'optional',
  background: 'optional',
};

const imageResizeOptionNames: OptionNames<NonNullable<ImageDecoding['resize']>> = {
  width: 'requiredNumber',
  height: 'requiredNumber',
  fit: 'required',
};

/** Largest number of pixels where nothing else is said. */
export const defaultMaxPixels = 16383 * 16383;

/** @throws InvalidOptionError for an option that is not accepted */
export function checkImageDecoding(decoding: ImageDecoding): void {
  checkOptions('decodeImage', decoding, imageDecodingOptionNames);
  const { channels, resize, maxPixels, colorProfile, range, background } = decoding;
  const refuse = (option: string, expected: string, actual: unknown): never => {
    throw new InvalidOptionError('decodeImage', option, expected, String(actual));
  };
  if (channels !== undefined && channels !== 1 && channels !== 3) refuse('channels', '1 or 3', channels);
  if (maxPixels !== undefined && !(Number.isSafeInteger(maxPixels) && maxPixels > 0))
    refuse('maxPixels', 'an integer of at least 1', maxPixels);
  if (colorProfile !== undefined && colorProfile !== 'ignore' && colorProfile !== 'convert')
    refuse('colorProfile', "'ignore' or 'convert'", colorProfile);
  if (range !== undefined) {
    const [low, high] = range;
    if (range.length !== 2 || !Number.isFinite(low) || !Number.isFinite(high) || !(low < high))
      refuse('range', 'two finite numbers [low, high], low below high', `[${range.join(', ')}]`);
  }
  if (background !== undefined && !isBackground(background))
    refuse('background', "'white', 'black', 'drop' or three levels [red, green, blue] from 0 to 255", background);
  if (resize === undefined) return;
  const { width, height, fit } = checkOptions('decodeImage', resize, imageResizeOptionNames, 'resize');
  for (const side of [width, height])
    if (!(Number.isSafeInteger(side) && side > 0)) refuse('resize', 'positive integers', `${width} x ${height}`);
  if (width * height > defaultMaxPixels) refuse('resize', `at most ${defaultMaxPixels} pixels`, `${width} x ${height}`);
  if (!['cover', 'contain', 'stretch', 'inside'].includes(fit))
    refuse('resize.fit', "'cover', 'contain', 'stretch' or 'inside'", fit);
}

function isBackground(value: unknown): boolean {
  if (typeof value === 'string') return ['white', 'black', 'drop'].includes(value);
  const isLevel = (level: unknown): boolean =>
    Number.isInteger(level) && (level as number) >= 0 && (level as number) <= 255;
  return Array.isArray(value) && value.length === 3 && value.every(isLevel);
}

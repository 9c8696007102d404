import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-core';
import { adjustBrightness, adjustContrast, adjustSaturation } from '../image/adjust-color.js';
import { adjustHue } from '../image/adjust-hue.js';
import { checkRange, type DescribedView, describedView, type Range } from './view.js';

export interface ColorJitterOptions {
  /** A range of factors, or `d` for `[max(0, 1 - d), 1 + d]`. Default none. */
  readonly brightness?: number | Range;
  readonly contrast?: number | Range;
  readonly saturation?: number | Range;
  /** A range of turns within -0.5..0.5, or `d` for `[-d, d]`. Default none. */
  readonly hue?: number | Range;
}

const colorJitterOptionNames: OptionNames<ColorJitterOptions> = {
  brightness: 'optional',
  contrast: 'optional',
  saturation: 'optional',
  hue: 'optional',
};

/** One draw of {@link colorJitter}. */
export interface ColorJitterParameters {
  /** Order of the adjustments: 0 brightness, 1 contrast, 2 saturation, 3 hue. */
  readonly order: readonly number[];
  /** Factors of brightness, contrast and saturation, and turn of the hue; those without a range are 1, 1, 1 and 0 and are left out. */
  readonly values: readonly number[];
}

const adjustments = [adjustBrightness, adjustContrast, adjustSaturation, adjustHue] as const;
const neutral = [1, 1, 1, 0] as const;

/**
 * Random brightness, contrast, saturation and hue, in random order.
 *
 * @returns a view `[h, w, 1 or 3] -> the same shape`
 * @throws InvalidOptionError
 * Source: torchvision's `ColorJitter` on PIL images.
 */
export function colorJitter(options: ColorJitterOptions): DescribedView<ColorJitterParameters> {
  checkOptions('colorJitter', options, colorJitterOptionNames);
  const ranges = [
    factors('brightness', options.brightness),
    factors('contrast', options.contrast),
    factors('saturation', options.saturation),
    turns(options.hue),
  ] as const;
  return describedView('colorJitter', options, {
    draw: (_height, _width, random) => ({
      order: [...random.permutation(4)],
      values: ranges.map((range, which) =>
        range === undefined ? neutral[which]! : random.uniform(range[0], range[1]),
      ),
    }),
    apply: (image, { order, values }) => {
      let result = image;
      for (const which of order) if (ranges[which] !== undefined) result = adjustments[which]!(result, values[which]!);
      return result;
    },
  });
}

function factors(option: string, value: number | Range | undefined): Range | undefined {
  if (value === undefined || value === 0) return undefined;
  if (typeof value === 'number' && !(value > 0))
    throw new InvalidOptionError('colorJitter', option, 'not negative', value);
  const range: Range = typeof value === 'number' ? [Math.max(0, 1 - value), 1 + value] : value;
  checkRange('colorJitter', option, range, 0, Number.MAX_VALUE);
  return range;
}

function turns(value: number | Range | undefined): Range | undefined {
  if (value === undefined || value === 0) return undefined;
  const range: Range = typeof value === 'number' ? [-value, value] : value;
  checkRange('colorJitter', 'hue', range, -0.5, 0.5);
  return range;
}

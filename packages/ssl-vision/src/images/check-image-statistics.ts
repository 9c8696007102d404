import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Mean and deviation of a data set's pixels on the scale 0 .. 1, one number or one for each channel. */
export interface ImageStatistics {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

const statisticsNames: OptionNames<ImageStatistics> = { mean: 'required', std: 'required' };

/**
 * Checks statistics of pixels where they are given.
 *
 * @param option what they are called there
 * @throws InvalidOptionError unless means are in [0, 1] and deviations in (0, 1]: those of 0 .. 255 would make every image
 *   the same
 */
export function checkImageStatistics(where: string, option: string, statistics: ImageStatistics): void {
  checkOptions(where, statistics, statisticsNames, option);
  for (const name of ['mean', 'std'] as const) {
    const value: unknown = statistics[name];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isScaled = (one: unknown): boolean =>
      typeof one === 'number' && one <= 1 && (name === 'mean' ? one >= 0 : one > 0);
    if (values.length > 0 && values.every(isScaled)) continue;
    const range = name === 'mean' ? '[0, 1]' : '(0, 1]';
    const isLarge = values.some((one) => typeof one === 'number' && one > 1);
    throw new InvalidOptionError(
      where,
      `${option}.${name}`,
      `in ${range}, one number or one for each channel`,
      value,
      isLarge ? 'Statistics are on the scale 0 .. 1: divide those of 0 .. 255 by 255' : undefined,
    );
  }
}

/** Statistics as a run's settings hold them. */
export const statisticsOf = ({ mean, std }: ImageStatistics): { readonly mean: number[]; readonly std: number[] } => ({
  mean: [mean].flat(),
  std: [std].flat(),
});

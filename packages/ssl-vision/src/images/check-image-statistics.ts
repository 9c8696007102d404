import { checkChoice } from '@selfsup/ssl-tensor';
import { checkOptions, InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Mean and deviation of a data set's pixels or voxels, one number or one for each channel. */
export interface ImageStatistics {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
  /**
   * What the numbers are of. `pixels`: of 0 .. 255, mean and deviation on the scale 0 .. 1. `values`: of values as files of
   * volumes have them, on their own scale (Hounsfield units). `own`: every volume is first brought to mean 0 and deviation 1
   * by its own voxels, channel by channel, as MRI wants it; mean and deviation are of what comes of that: 0 and 1 leave it
   * (`ownStatistics`). Default `pixels`.
   */
  readonly scale?: 'pixels' | 'values' | 'own';
}

const statisticsNames: OptionNames<ImageStatistics> = { mean: 'required', std: 'required', scale: 'optional' };

/**
 * Checks statistics of pixels where they are given.
 *
 * @param option what they are called there
 * @throws InvalidOptionError unless means of pixels are in [0, 1] and deviations in (0, 1]: those of 0 .. 255 would make
 *   every image the same; of values, unless means are finite and deviations positive
 */
export function checkImageStatistics(where: string, option: string, statistics: ImageStatistics): void {
  const { scale = 'pixels' } = checkOptions(where, statistics, statisticsNames, option);
  checkChoice(where, `${option}.scale`, scale, ['pixels', 'values', 'own']);
  const most = scale === 'pixels' ? 1 : Number.MAX_VALUE;
  for (const name of ['mean', 'std'] as const) {
    const value: unknown = statistics[name];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    const isScaled = (one: unknown): boolean => {
      if (typeof one !== 'number' || !(one <= most)) return false;
      return name === 'std' ? one > 0 : one >= (scale === 'pixels' ? 0 : -most);
    };
    if (values.length > 0 && values.every(isScaled)) continue;
    const range =
      scale === 'pixels' ? (name === 'mean' ? 'in [0, 1]' : 'in (0, 1]') : name === 'mean' ? 'finite' : 'positive';
    const isLarge = scale === 'pixels' && values.some((one) => typeof one === 'number' && (one > 1 || one < 0));
    throw new InvalidOptionError(
      where,
      `${option}.${name}`,
      `${range}, one number or one for each channel`,
      value,
      isLarge
        ? "Statistics are on the scale 0 .. 1: divide those of 0 .. 255 by 255; those of a volume's values as they are take scale: 'values'"
        : undefined,
    );
  }
}

/** Statistics as a run's settings hold them. */
export const statisticsOf = ({
  mean,
  std,
  scale = 'pixels',
}: ImageStatistics): { readonly mean: number[]; readonly std: number[]; readonly scale?: 'values' | 'own' } => ({
  mean: [mean].flat(),
  std: [std].flat(),
  ...(scale === 'pixels' ? {} : { scale }),
});

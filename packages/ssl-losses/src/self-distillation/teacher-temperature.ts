import { checkCount, checkOptions, checkPositive, type OptionNames } from '@selfsup/ssl-tensor/host';

/** Options of {@link teacherTemperature}. */
export interface TeacherTemperatureOptions {
  /** Temperature of epoch 0. */
  readonly warmupTemperature?: number;
  /** Temperature after the warm-up. */
  readonly temperature?: number;
  /** Epochs of the warm-up; its last one already has `temperature`. */
  readonly warmupEpochs?: number;
}

const teacherTemperatureOptionNames: OptionNames<TeacherTemperatureOptions> = {
  warmupTemperature: 'optionalNumber',
  temperature: 'optionalNumber',
  warmupEpochs: 'optionalNumber',
};

/**
 * Defaults of {@link teacherTemperature}: those of lightly's `DINOLoss`, constant at 0.04. The paper's ViTs end at 0.07:
 * arXiv 2104.14294.
 */
export const teacherTemperatureDefaults = { warmupTemperature: 0.04, temperature: 0.04, warmupEpochs: 30 } as const;

/**
 * Temperature of a teacher by epoch: a line from `warmupTemperature` to `temperature`, then constant. Higher ones late,
 * because a sharp teacher is stable at the start and a softer one is better in the end.
 *
 * @returns a function: a number for an epoch, which may be a fraction, 0 or more
 * @throws InvalidOptionError for numbers out of range
 * Source: Caron et al. 2021, arXiv 2104.14294; equal to lightly's `DINOLoss`.
 *
 * @example
 * const schedule = teacherTemperature({ temperature: 0.07 });
 * const temperature = tf.scalar(schedule(12));
 */
export function teacherTemperature(options: TeacherTemperatureOptions = {}): (epoch: number) => number {
  const { warmupTemperature, temperature, warmupEpochs } = {
    ...teacherTemperatureDefaults,
    ...checkOptions('teacherTemperature', options, teacherTemperatureOptionNames),
  };
  checkPositive('teacherTemperature', { warmupTemperature, temperature });
  checkCount('teacherTemperature', { warmupEpochs }, 0);
  return (epoch) => {
    if (epoch >= warmupEpochs) return temperature;
    const share = Math.min(1, epoch / Math.max(1, warmupEpochs - 1));
    return warmupTemperature + share * (temperature - warmupTemperature);
  };
}

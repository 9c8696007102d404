import {
  checkOptions,
  InvalidOptionError,
  isNdArray,
  ndArray,
  type OptionNames,
  type NdArray,
  ShapeError,
} from '@selfsup/ssl-core';

/** Mean and deviation of a data set's pixels on the scale 0 .. 1, one number or one for each channel. */
export interface PixelStatistics {
  readonly mean: number | readonly number[];
  readonly std: number | readonly number[];
}

const pixelStatisticsNames: OptionNames<PixelStatistics> = { mean: 'required', std: 'required' };

/** Pixel statistics of common data sets. Source: torchvision's pretrained models (ImageNet), the data sets' training images (others). */
export const pixelStatistics = {
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  cifar100: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
  mnist: { mean: 0.1307, std: 0.3081 },
} as const satisfies Record<string, PixelStatistics>;

/**
 * Checks statistics of pixels.
 *
 * @param option what they are called in the options of `where`
 * @throws InvalidOptionError unless means are in [0, 1] and deviations in (0, 1]
 */
export function checkPixelStatistics(where: string, option: string, statistics: PixelStatistics): void {
  const { mean, std } = checkOptions(where, statistics, pixelStatisticsNames, option);
  const advice = 'Statistics are on the scale 0 .. 1: divide those of 0 .. 255 by 255';
  for (const value of [mean].flat())
    if (!(value >= 0 && value <= 1)) throw new InvalidOptionError(where, `${option}.mean`, 'in [0, 1]', value, advice);
  for (const value of [std].flat())
    if (!(value > 0 && value <= 1))
      throw new InvalidOptionError(where, `${option}.std`, 'above 0 and at most 1', value, advice);
}

/**
 * Pixels to what a backbone takes, on the host: `(images / 255 - mean) / std`. Inside a compiled step, @selfsup/ssl-vision's
 * `normalizeImages` does it without the fourfold copy.
 *
 * @param images `[..., channels]`, uint8
 * @returns float32, same shape
 * @throws ShapeError for statistics of another number of channels; InvalidOptionError for statistics that are
 *   not on the scale 0 .. 1
 * Source: torchvision's `to_tensor` and `normalize`.
 */
export function normalizeBatch(images: NdArray<Uint8Array>, statistics: PixelStatistics): NdArray<Float32Array> {
  const where = 'normalizeBatch';
  checkPixelStatistics(where, 'statistics', statistics);
  const { mean, std } = statistics;
  if (!isNdArray(images) || !(images.data instanceof Uint8Array))
    throw new InvalidOptionError(where, 'images', 'an NdArray of Uint8Array, [..., channels]', images);
  const channels = images.shape.at(-1) ?? 0;
  const table = new Float32Array(256 * channels);
  for (let channel = 0; channel < channels; channel++) {
    const center = ofChannel('mean', mean, channel, channels);
    const deviation = ofChannel('std', std, channel, channels);
    for (let value = 0; value < 256; value++) table[channel * 256 + value] = (value / 255 - center) / deviation;
  }
  const { data, shape } = images;
  const out = new Float32Array(data.length);
  for (let i = 0, channel = 0; i < data.length; i++) {
    out[i] = table[channel * 256 + data[i]!]!;
    if (++channel === channels) channel = 0;
  }
  return ndArray(out, shape);
}

function ofChannel(name: string, value: number | readonly number[], channel: number, channels: number): number {
  if (typeof value === 'number') return value;
  if (value.length !== channels)
    throw new ShapeError('normalizeBatch', name, `one number or ${channels}, one for each channel`, `${value.length}`);
  return value[channel]!;
}

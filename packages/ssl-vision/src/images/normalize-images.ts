import * as tf from '@tensorflow/tfjs-core';
import { channelAffine, checkIsTensor, ShapeError } from '@selfsup/ssl-tensor';
import { checkImageStatistics, type ImageStatistics } from './check-image-statistics.js';

/** ImageNet's statistics, as torchvision's models are trained with. */
export const imagenetStatistics = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const satisfies ImageStatistics;
/** CIFAR-10's statistics. */
export const cifar10Statistics = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.2435, 0.2616],
} as const satisfies ImageStatistics;
/** MNIST's statistics. */
export const mnistStatistics = { mean: 0.1307, std: 0.3081 } as const satisfies ImageStatistics;

/** With these `normalizeImages` leaves pixels as they are, 0 .. 255: for an encoder that normalises them itself. */
export const rawPixelStatistics = { mean: 0, std: 1 / 255 } as const satisfies ImageStatistics;

/**
 * Pixels to what a backbone takes: `(images / 255 - mean) / std`, as one multiplication and one addition.
 *
 * @param images `[batch, height, width, channels]`, 0 .. 255, any dtype (a `uint8` batch arrives as `int32`)
 * @returns float32, same shape
 * @throws ShapeError for another rank, or statistics for another number of channels; InvalidOptionError for statistics that
 *   are not on the scale 0 .. 1
 */
export function normalizeImages(images: tf.Tensor, statistics: ImageStatistics): tf.Tensor4D {
  const where = 'normalizeImages';
  checkImageStatistics(where, 'statistics', statistics);
  const { mean, std } = statistics;
  checkIsTensor(where, 'images', images, '[batch, height, width, channels]');
  checkImages(
    where,
    images,
    [mean, std].map((value) => (typeof value === 'number' ? 1 : value.length)),
  );
  const channels = images.shape[3]!;
  const means = perChannel(where, 'mean', mean, channels);
  const deviations = perChannel(where, 'std', std, channels);
  const scale = deviations.map((value) => 1 / (255 * value));
  const shift = deviations.map((value, channel) => -means[channel]! / value);
  return tf.tidy(
    () => channelAffine(tf.cast(images, 'float32'), tf.tensor1d(scale), tf.tensor1d(shift)) as tf.Tensor4D,
  );
}

/** @param counts channels that the statistics are for; 1 where they do not say */
function checkImages(where: string, images: tf.Tensor, counts: readonly number[]): void {
  const { shape } = images;
  const text = `[${shape.join(', ')}]`;
  if (shape.length !== 4) throw new ShapeError(where, 'images', '[batch, height, width, channels]', text);
  const channels = Math.max(...counts);
  const isChannelsFirst =
    shape[3]! > 4 && (shape[1] === 1 || shape[1] === 3) && (channels === 1 || shape[1] === channels);
  if (isChannelsFirst)
    throw new ShapeError(
      where,
      'images',
      '[batch, height, width, channels], such as tf.transpose(images, [0, 2, 3, 1])',
      `${text}, which has the channels first`,
    );
}

function perChannel(
  where: string,
  name: string,
  value: number | readonly number[],
  channels: number,
): readonly number[] {
  if (typeof value === 'number') return Array<number>(channels).fill(value);
  if (value.length !== channels)
    throw new ShapeError(
      where,
      name,
      `one number or ${channels}, one for each channel`,
      `${value.length}`,
      'Take statistics of such pictures: for grey ones a number each, such as mnistStatistics',
    );
  return value;
}

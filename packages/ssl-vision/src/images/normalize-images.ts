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
/** Every volume by its own mean and deviation, channel by channel: what scanners without a common scale want, such as MRI. */
export const ownStatistics = { mean: 0, std: 1, scale: 'own' } as const satisfies ImageStatistics;

const form = '[batch, height, width, channels], of volumes [batch, depth, height, width, channels]';

/**
 * Pixels to what a backbone takes: `(images / 255 - mean) / std`, as one multiplication and one addition. Statistics of
 * `values` leave out the 255; of `own` every image has its own mean and deviation taken out before.
 *
 * @param images `[batch, height, width, channels]`, 0 .. 255, any dtype (a `uint8` batch arrives as `int32`); or volumes,
 *   `[batch, depth, height, width, channels]`
 * @returns float32, same shape; of volumes too, though the type says images, as methods hand them on
 * @throws ShapeError for another rank, or statistics for another number of channels; InvalidOptionError for statistics that
 *   are not on the scale 0 .. 1
 */
export function normalizeImages(images: tf.Tensor, statistics: ImageStatistics): tf.Tensor4D {
  const where = 'normalizeImages';
  checkImageStatistics(where, 'statistics', statistics);
  const { mean, std, scale = 'pixels' } = statistics;
  checkIsTensor(where, 'images', images, form);
  checkImages(
    where,
    images,
    [mean, std].map((value) => (typeof value === 'number' ? 1 : value.length)),
  );
  const channels = images.shape.at(-1)!;
  const means = perChannel(where, 'mean', mean, channels);
  const deviations = perChannel(where, 'std', std, channels);
  const most = scale === 'pixels' ? 255 : 1;
  const factor = deviations.map((value) => 1 / (most * value));
  const shift = deviations.map((value, channel) => -means[channel]! / value);
  return tf.tidy(() => {
    const values = tf.cast(images, 'float32');
    const source = scale === 'own' ? standardized(values) : values;
    return channelAffine(source, tf.tensor1d(factor), tf.tensor1d(shift)) as tf.Tensor4D;
  });
}

/**
 * Each image or volume less its mean over its deviation, channel by channel; one of equal values is not divided. As
 * MONAI's `NormalizeIntensity(channel_wise=True)`.
 */
function standardized(images: tf.Tensor): tf.Tensor {
  const axes = images.shape.map((_, axis) => axis).slice(1, -1);
  const mean = tf.mean(images, axes, true);
  const centred = tf.sub(images, mean);
  const deviation = tf.sqrt(tf.mean(tf.square(centred), axes, true));
  // The deviation of equal values is what rounding makes of it.
  const isFlat = tf.lessEqual(deviation, tf.mul(tf.abs(mean), 1e-6));
  return tf.div(centred, tf.where(isFlat, tf.onesLike(deviation), deviation));
}

/** @param counts channels that the statistics are for; 1 where they do not say */
function checkImages(where: string, images: tf.Tensor, counts: readonly number[]): void {
  const { shape } = images;
  const text = `[${shape.join(', ')}]`;
  if (shape.length !== 4 && shape.length !== 5) throw new ShapeError(where, 'images', form, text);
  const channels = Math.max(...counts);
  const last = shape.at(-1)!;
  const isChannelsFirst = last > 4 && (shape[1] === 1 || shape[1] === 3) && (channels === 1 || shape[1] === channels);
  if (isChannelsFirst)
    throw new ShapeError(
      where,
      'images',
      shape.length === 4
        ? '[batch, height, width, channels], such as tf.transpose(images, [0, 2, 3, 1])'
        : '[batch, depth, height, width, channels], such as tf.transpose(volumes, [0, 2, 3, 4, 1])',
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

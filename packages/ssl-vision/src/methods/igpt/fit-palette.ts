import {
  checkCount,
  checkOptions,
  DataError,
  describeValue,
  isNdArray,
  type NdArray,
  type OptionNames,
  type RandomKey,
  RandomStream,
  ShapeError,
} from '@selfsup/ssl-tensor/host';
import { checkImageStatistics, type ImageStatistics, statisticsOf } from '../../images/check-image-statistics.js';

/** Options of {@link fitPalette}. */
export interface FitPaletteOptions {
  readonly key: RandomKey;
  /** Statistics that the encoder's images are normalised by; distances are of normalised colours. */
  readonly normalize: ImageStatistics;
  /** Default 512. */
  readonly colours?: number;
  /** Pixels that are looked at, drawn at random. Default 20,000. */
  readonly sample?: number;
  /** Most rounds of k-means. Default 20. */
  readonly iterations?: number;
}

const fitPaletteOptionNames: OptionNames<FitPaletteOptions> = {
  key: 'requiredKey',
  normalize: 'required',
  colours: 'optionalNumber',
  sample: 'optionalNumber',
  iterations: 'optionalNumber',
};

/** Defaults of {@link fitPalette}: 9 bits (Chen et al. 2020, section 3.2); how many pixels they clustered is not told. */
export const fitPaletteDefaults = { colours: 512, sample: 20_000, iterations: 20 } as const;

/**
 * A palette of the colours of pictures, by k-means from k-means++'s start. On the host, in float64.
 *
 * @param images uint8 `[count, height, width, channels]`, a few hundred of the training set
 * @returns float32 `[colours, channels]`, normalised
 * @throws ShapeError for what is no such array; DataError for pictures of fewer different colours; InvalidOptionError for counts
 *   that are not positive integers
 * Source: Chen et al. 2020, Generative Pretraining from Pixels, section 3.2; Arthur and Vassilvitskii 2007.
 */
export function fitPalette(images: NdArray<Uint8Array>, options: FitPaletteOptions): NdArray<Float32Array> {
  const where = 'fitPalette';
  const all = { ...fitPaletteDefaults, ...checkOptions(where, options, fitPaletteOptionNames) };
  const { key, normalize, colours, sample, iterations } = all;
  if (!isNdArray(images) || images.shape.length !== 4 || images.data.length === 0)
    throw new ShapeError(where, 'images', '[count, height, width, channels]', describeValue(images));
  checkImageStatistics(where, 'normalize', normalize);
  checkCount(where, { colours, sample, iterations });
  const channels = images.shape[3]!;
  const random = new RandomStream(key);
  const points = drawnPixels(images, channels, sample, normalize, random);
  const different = new Set(points.map((point) => point.join())).size;
  if (different < colours)
    throw new DataError(
      `${where}: ${different} different colours are among ${points.length} pixels, too few for a palette of ${colours}. ` +
        `Give colours: ${different} or fewer, or a larger sample`,
    );
  let means = farStart(points, colours, random);
  for (let round = 0; round < iterations; round++) {
    const next = movedMeans(points, means, random);
    const isSettled = next.every((mean, at) => squared(mean, means[at]!) < 1e-12);
    means = next;
    if (isSettled) break;
  }
  return { data: Float32Array.from(means.flat()), shape: [colours, channels] };
}

type Point = readonly number[];

function drawnPixels(
  { data }: NdArray<Uint8Array>,
  channels: number,
  sample: number,
  normalize: ImageStatistics,
  random: RandomStream,
): Point[] {
  const pixels = data.length / channels;
  const { mean, std } = statisticsOf(normalize);
  const of = (values: readonly number[], channel: number): number => values[channel] ?? values[0]!;
  return Array.from({ length: Math.min(sample, pixels) }, (_, at) => {
    const pixel = pixels <= sample ? at : random.integer(pixels);
    return Array.from(
      { length: channels },
      (_value, channel) => (data[pixel * channels + channel]! / 255 - of(mean, channel)) / of(std, channel),
    );
  });
}

const squared = (a: Point, b: Point): number => a.reduce((sum, value, at) => sum + (value - b[at]!) ** 2, 0);

/** A first point at random, each next one with a probability that grows as the squared distance from the others. */
function farStart(points: readonly Point[], count: number, random: RandomStream): Point[] {
  const means = [points[random.integer(points.length)]!];
  const apart = points.map((point) => squared(point, means[0]!));
  while (means.length < count) {
    const goal = random.uniform(
      0,
      apart.reduce((sum, one) => sum + one, 0),
    );
    let reached = 0;
    const place = apart.findIndex((one) => (reached += one) > goal);
    // Rounding may leave none: then the farthest.
    const mean = points[place < 0 ? apart.indexOf(Math.max(...apart)) : place]!;
    means.push(mean);
    points.forEach((point, at) => (apart[at] = Math.min(apart[at]!, squared(point, mean))));
  }
  return means;
}

/** Means of the points nearest to each; one that lost all its points goes to a random one. */
function movedMeans(points: readonly Point[], means: readonly Point[], random: RandomStream): Point[] {
  const sums = means.map((mean) => mean.map(() => 0));
  const counts = means.map(() => 0);
  for (const point of points) {
    let [nearest, least] = [0, Infinity];
    for (let at = 0; at < means.length; at++) {
      const distance = squared(point, means[at]!);
      if (distance < least) [nearest, least] = [at, distance];
    }
    counts[nearest]! += 1;
    const sum = sums[nearest]!;
    for (let channel = 0; channel < sum.length; channel++) sum[channel]! += point[channel]!;
  }
  return sums.map((sum, at) =>
    counts[at] === 0 ? points[random.integer(points.length)]! : sum.map((value) => value / counts[at]!),
  );
}

import type { Dataset, ImageSample } from '@selfsup/ssl-data';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-core';
import { imagenetStatistics } from '../images/normalize-images.js';

/** What defaults are chosen from. */
export interface PictureFacts {
  readonly count: number;
  readonly channels: number;
  /** Median of the shorter sides, pixels. */
  readonly side: number;
  /** Statistics on the scale 0 .. 1: ImageNet's for colour, else those of the pictures that were looked at. */
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/** Pictures that are looked at, spread over the data. */
const looks = 64;

/**
 * Looks at some of the pictures, always the same ones.
 *
 * @throws InvalidOptionError for data of fewer than two pictures; ShapeError where channels differ; what the data throws
 */
export async function pictureFacts(dataset: Dataset<ImageSample>): Promise<PictureFacts> {
  const count = dataset.length;
  if (!(count >= 2)) throw new InvalidOptionError('pretrain', 'data', 'of at least two pictures', count);
  const sides: number[] = [];
  let channels = 0;
  let [sums, squares, pixels] = [[] as number[], [] as number[], 0];
  const looked = Math.min(looks, count);
  for (let look = 0; look < looked; look++) {
    const index = Math.floor((look * count) / looked);
    const { data, shape } = (await dataset.get(index)).image;
    const [height, width, own] = shape as readonly [number, number, number];
    if (look === 0) {
      channels = own;
      [sums, squares] = [Array<number>(own).fill(0), Array<number>(own).fill(0)];
    }
    if (own !== channels) throw new ShapeError('pretrain', `picture ${index}`, `${channels} channels`, `${own}`);
    sides.push(Math.min(height, width));
    pixels += height * width;
    for (let at = 0; at < data.length; at++) {
      sums[at % channels]! += data[at]! / 255;
      squares[at % channels]! += (data[at]! / 255) ** 2;
    }
  }
  const side = sides.toSorted((a, b) => a - b)[Math.floor(looked / 2)]!;
  if (channels === 3)
    return {
      count,
      channels,
      side,
      normalize: { mean: [...imagenetStatistics.mean], std: [...imagenetStatistics.std] },
    };
  const rounded = (value: number): number => Number(value.toFixed(4));
  const means = sums.map((sum) => sum / pixels);
  const std = squares.map((sum, channel) =>
    Math.max(0.01, Math.sqrt(Math.max(0, sum / pixels - means[channel]! ** 2))),
  );
  return { count, channels, side, normalize: { mean: means.map(rounded), std: std.map(rounded) } };
}

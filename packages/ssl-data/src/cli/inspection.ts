import type { ImageSample } from '../dataset/dataset.js';
import type { LeftOut } from '../dataset/left-out.js';
import type { VolumeSample } from '../dataset/volume-folder-dataset.js';
import { wasTransparent } from '../image/backdrop.js';
import type { ImageDecoding } from '../image/image-decoding.js';
import { nativeTurboJpeg } from '../image/native-turbojpeg.js';
import type { OpenedSource, SourceKind } from '../source/source-recogniser.js';
import { isUrl } from '../webdataset/shard-locations.js';
import { type BrokenSample, checkSamples, evenlySpread } from './check-samples.js';

/** What `ssl-data inspect` finds; its `--json`. */
export interface Inspection {
  readonly source: string;
  readonly kind: SourceKind;
  readonly content: 'images' | 'volumes';
  readonly samples: number;
  /** Absent where the source has none, or where they were not counted. */
  readonly classes?: readonly { readonly label: number; readonly name?: string; readonly samples: number }[];
  /** Why classes were not counted. */
  readonly classesUnknown?: string;
  /** What lies there and is none of the samples. Absent where there is nothing of that. */
  readonly leftOut?: readonly LeftOut[];
  /** What decodes plain JPEGs here: a library of the system, or WebAssembly. */
  readonly jpegDecoder: string;
  /** How many of `sizes.read` samples have transparent pixels, and what these are blended over. Absent where none has. */
  readonly transparent?: { readonly samples: number; readonly background: ImageDecoding['background'] };
  /** Smallest and largest side of each axis among `read` samples. */
  readonly sizes: { readonly read: number; readonly axes: Readonly<Record<string, readonly [number, number]>> };
  readonly check?: { readonly read: number; readonly broken: number; readonly listed: readonly BrokenSample[] };
}

const sampleCount = 16;

/**
 * Counts, samples and checks a source.
 *
 * @param background what transparent pixels are blended over
 * @param check how many samples are decoded to find broken ones; none without it
 * @param onProgress called as samples are checked
 */
export async function inspectSource(
  source: string,
  opened: OpenedSource,
  background: NonNullable<ImageDecoding['background']>,
  check: number | undefined,
  onProgress: (done: number) => void,
): Promise<Inspection> {
  const { kind, content, dataset } = opened;
  const sizes = new SizeRange(content === 'images' ? imageAxes : volumeAxes);
  let transparent = 0;
  const visit = (sample: ImageSample | VolumeSample): void => {
    sizes.add('image' in sample ? sample.image.shape : sample.volume.shape);
    if ('image' in sample && wasTransparent(sample.image.data)) transparent++;
  };
  const checked = await checkSamples<ImageSample | VolumeSample>(
    dataset,
    evenlySpread(dataset.length, check ?? sampleCount),
    visit,
    onProgress,
  );
  return {
    source,
    kind,
    content,
    samples: dataset.length,
    ...(await classesOf(source, opened)),
    ...(opened.leftOut.length === 0 ? {} : { leftOut: opened.leftOut }),
    jpegDecoder: (await nativeTurboJpeg())?.library ?? 'WebAssembly',
    ...(transparent === 0 ? {} : { transparent: { samples: transparent, background } }),
    sizes: { read: sizes.count, axes: sizes.ranges },
    ...(check === undefined && checked.broken === 0
      ? {}
      : { check: { read: Math.min(dataset.length, check ?? sampleCount), ...checked } }),
  };
}

/** A request for each class would take longer than anybody waits. */
async function classesOf(
  source: string,
  opened: OpenedSource,
): Promise<Pick<Inspection, 'classes' | 'classesUnknown'>> {
  if (isUrl(source)) return { classesUnknown: 'the shards are on a server' };
  const names = opened.classes;
  const numbers = await opened.labels();
  if (numbers === undefined) return {};
  const counts = new Map<number, number>(names.map((_, label) => [label, 0]));
  for (let index = 0; index < numbers.length; index++)
    counts.set(numbers[index]!, (counts.get(numbers[index]!) ?? 0) + 1);
  const classes = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([label, samples]) => ({ label, ...(names[label] === undefined ? {} : { name: names[label] }), samples }));
  return { classes };
}

const imageAxes = ['height', 'width', 'channels'];
const volumeAxes = ['depth', 'height', 'width', 'channels'];

class SizeRange {
  count = 0;
  readonly ranges: Record<string, [number, number]> = {};
  readonly #axes: readonly string[];

  constructor(axes: readonly string[]) {
    this.#axes = axes;
  }

  add(shape: readonly number[]): void {
    this.count++;
    this.#axes.forEach((axis, position) => {
      const side = shape[position]!;
      const [low, high] = this.ranges[axis] ?? [side, side];
      this.ranges[axis] = [Math.min(low, side), Math.max(high, side)];
    });
  }
}

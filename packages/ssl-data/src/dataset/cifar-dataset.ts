import { checkPath } from '@selfsup/ssl-core/files';
import {
  checkChoice,
  checkOptions,
  DataError,
  InvalidOptionError,
  ndArray,
  type NdArray,
  type OptionNames,
} from '@selfsup/ssl-core';
import { invalidUtf8At } from '../io/invalid-utf8.js';
import { holdsText, openNpz } from '../io/open-npz.js';
import { type CifarFiles, cifarFiles } from './cifar-files.js';
import { cifarReleases, type CifarRelease, type CifarVariant } from './cifar-release.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { imagesOf, labelsOf } from './image-arrays.js';
import { sharedBytes } from './shared-memory.js';

export interface CifarOptions {
  /** CIFAR-10 or CIFAR-100. */
  readonly variant: CifarVariant;
  readonly split: 'train' | 'test';
  /** CIFAR-100 has 100 classes and 20 groups of them. Default `fine`, the classes. */
  readonly labels?: 'fine' | 'coarse';
  /** Most bytes of a file, and of an archive when unpacked. Default 512 MiB. */
  readonly maxBytes?: number;
}

const cifarOptionNames: OptionNames<CifarOptions> = {
  variant: 'requiredNumber',
  split: 'required',
  labels: 'optional',
  maxBytes: 'optionalNumber',
};

const side = 32;
const pixelBytes = 3 * side * side;

/** CIFAR-10 and CIFAR-100 (`[n, 32, 32, 3]`), in memory that all workers share. */
export class CifarDataset extends ImageArrayDataset {
  /** Names of the classes, in the order of their numbers; empty where the files give none. */
  readonly classes: readonly string[];

  private constructor(images: NdArray<Uint8Array>, labels: ArrayLike<number>, classes: readonly string[]) {
    super(images, labels);
    this.classes = classes;
  }

  /**
   * Opens the binary version, as published (`cifar-10-binary.tar.gz`, see {@link downloadCifar}) or unpacked, or arrays of
   * NumPy. The version for Python is pickled, which is a program and never run here.
   *
   * Binary: records of a label byte (CIFAR-100: coarse, then fine) and 3072 bytes, red, green and blue planes. NumPy: an
   * .npz file with `x_train`, `y_train`, `x_test`, `y_test` (or `images` and `labels` of the split that is asked for), the
   * images as `[n, 32, 32, 3]`, `[n, 3, 32, 32]` or `[n, 3072]`.
   *
   * @param path folder, .tar.gz archive or .npz file
   * @throws DataError for files that are missing, not whole records, or have a label that no class has
   * Source: https://www.cs.toronto.edu/~kriz/cifar.html, 'binary version'.
   */
  static async open(path: string, options: CifarOptions): Promise<CifarDataset> {
    checkOptions('CifarDataset.open', options, cifarOptionNames);
    checkPath('CifarDataset.open', 'path', path);
    const { variant, split, labels: kind = 'fine', maxBytes = 2 ** 29 } = options;
    const release = cifarReleases[variant] as CifarRelease | undefined;
    if (release === undefined) throw new InvalidOptionError('CifarDataset.open', 'variant', '10 or 100', variant);
    checkChoice('CifarDataset.open', 'split', split, ['train', 'test']);
    const place = release.labels.findIndex((label) => label.kind === kind);
    if (place < 0)
      throw new InvalidOptionError('CifarDataset.open', 'labels', "'fine'; only CIFAR-100 has 'coarse' ones", kind);
    const { classes, names } = release.labels[place]!;
    if (/\.npz$/i.test(path)) {
      const { images, labels } = await npzSplit(path, split, classes, maxBytes);
      return new CifarDataset(images, labels, []);
    }
    const files = await cifarFiles(path, release.folder, maxBytes);
    const { images, labels } = await records(path, files, release, split, place);
    return new CifarDataset(images, labels, await classNames(files, names, classes));
  }
}

interface Split {
  readonly images: NdArray<Uint8Array>;
  readonly labels: Uint8Array | Int32Array;
}

async function records(
  path: string,
  files: CifarFiles,
  { labels: labelBytes, ...release }: CifarRelease,
  split: 'train' | 'test',
  place: number,
): Promise<Split> {
  const recordBytes = labelBytes.length + pixelBytes;
  const parts: { readonly path: string; readonly bytes: Uint8Array }[] = [];
  for (const name of release[split]) {
    const part = await files.read(name);
    if (part === undefined)
      throw new DataError(`has no ${name}; the ${split} split is ${release[split].join(', ')} of ${release.archive}`, {
        path,
      });
    const whole = Math.floor(part.bytes.length / recordBytes);
    if (part.bytes.length !== whole * recordBytes || whole === 0)
      throw new DataError(
        `has ${part.bytes.length} bytes, which are no whole number of records of ${recordBytes}; fetch it again`,
        { path: part.path, offset: whole * recordBytes },
      );
    parts.push(part);
  }
  const count = parts.reduce((total, { bytes }) => total + bytes.length / recordBytes, 0);
  const pixels = sharedBytes(count * pixelBytes);
  const labels = new Uint8Array(count);
  let index = 0;
  for (const { path, bytes } of parts) {
    for (let start = 0; start < bytes.length; start += recordBytes, index++) {
      labelBytes.forEach(({ classes }, byte) => {
        const label = bytes[start + byte]!;
        if (label >= classes)
          throw new DataError(
            `record ${start / recordBytes} has label ${label}, there are ${classes} classes; check the variant, or fetch the file again`,
            { path, offset: start + byte },
          );
      });
      labels[index] = bytes[start + place]!;
      interleave(bytes, start + labelBytes.length, pixels, index * pixelBytes);
    }
  }
  return { images: ndArray(pixels, [count, side, side, 3]), labels };
}

/** Three planes to triples. */
function interleave(from: Uint8Array, start: number, to: Uint8Array, at: number): void {
  const plane = side * side;
  for (let pixel = 0; pixel < plane; pixel++) {
    for (let channel = 0; channel < 3; channel++) to[at + 3 * pixel + channel] = from[start + channel * plane + pixel]!;
  }
}

async function classNames(files: CifarFiles, name: string, count: number): Promise<readonly string[]> {
  const file = await files.read(name);
  if (file === undefined) return [];
  const text = file.bytes.subarray(0, 1 << 16);
  const invalid = invalidUtf8At(text);
  if (invalid >= 0) throw new DataError('is not valid UTF-8; fetch it again', { path: file.path, offset: invalid });
  const lines = Buffer.from(text).toString('utf8').split('\n');
  const names = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (names.length !== count)
    throw new DataError(`names ${names.length} classes, there are ${count}; fetch it again`, { path: file.path });
  return names;
}

async function npzSplit(path: string, split: string, classes: number, maxBytes: number): Promise<Split> {
  const npz = await openNpz(path, { maxBytes });
  const pick = (...names: string[]) => {
    const found = names.find((name) => npz.names.includes(name));
    if (found !== undefined) return found;
    throw new DataError(`has none of ${names.join(', ')}; ${holdsText(npz.names)}`, { path });
  };
  const imagesName = pick(`x_${split}`, 'images');
  const labelsName = pick(`y_${split}`, 'labels');
  let array = await npz.get(imagesName);
  const [count = 0, ...rest] = array.shape;
  if (rest.join() === String(pixelBytes)) array = ndArray(array.data, [count, 3, side, side]);
  const channelAxis = array.shape[1] === 3 ? 'first' : 'last';
  const images = imagesOf(array, `${path}:${imagesName}`, { maxBytes, channelAxis });
  if (images.shape.slice(1).join() !== `${side},${side},3`)
    throw new DataError(`holds images of [${images.shape.slice(1).join(', ')}], CIFAR's are [32, 32, 3]`, {
      path: `${path}:${imagesName}`,
    });
  const where = `${path}:${labelsName}`;
  const labels = labelsOf(await npz.get(labelsName), where, images.shape[0]!, imagesName);
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw new DataError(`label ${wrong} is ${labels[wrong]}, there are ${classes} classes; check the variant`, {
      path: where,
    });
  return { images, labels };
}

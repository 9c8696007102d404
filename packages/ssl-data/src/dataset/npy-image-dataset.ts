import { checkOptions, DataError, InvalidOptionError, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import { openNpy, openNpyOptionNames, type OpenNpyOptions } from '../io/open-npy.js';
import { holdsText, openNpz } from '../io/open-npz.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { type ChannelAxis, imagesOf, labelsOf } from './image-arrays.js';

export interface NpyImageDatasetOptions extends OpenNpyOptions {
  /**
   * Path of the images, uint8: an .npy file of `[n, h, w]`, `[n, h, w, c]` or (see `channelAxis`) `[n, c, h, w]`, or an
   * .npz file with such an array.
   */
  readonly images: string;
  /** Path of an .npy file with the classes, integers `[n]`. For an .npz file give `labelsName` instead. */
  readonly labels?: string;
  /** Where channels lie in arrays with four axes. Default `last`. */
  readonly channelAxis?: ChannelAxis;
  /** Name of the images in an .npz file. Default: the one of `images`, `x`, `x_train`, `arr_0` that is there. */
  readonly imagesName?: string;
  /** Name of the classes in an .npz file. Default: the one of `labels`, `y`, `y_train`, `arr_1` that is there, if any. */
  readonly labelsName?: string;
}

const npyImageDatasetOptionNames: OptionNames<NpyImageDatasetOptions> = {
  ...openNpyOptionNames,
  images: 'required',
  labels: 'optional',
  channelAxis: 'optional',
  imagesName: 'optional',
  labelsName: 'optional',
};

const imageNames = ['images', 'x', 'x_train', 'arr_0'];
const labelNames = ['labels', 'y', 'y_train', 'arr_1'];

/** Images and classes that NumPy saved, in memory that all workers share. Nothing is ever unpickled. */
export class NpyImageDataset extends ImageArrayDataset {
  /**
   * @throws DataError for a file that is missing, damaged or of the wrong type, and for arrays that do not belong together
   */
  static async open(options: NpyImageDatasetOptions): Promise<NpyImageDataset> {
    checkOptions('NpyImageDataset.open', options, npyImageDatasetOptionNames);
    const { images: path, labels: labelsPath } = options;
    if (/\.npz$/i.test(path)) {
      if (labelsPath !== undefined)
        throw new InvalidOptionError(
          'NpyImageDataset.open',
          'labels',
          'absent for an .npz file; give labelsName',
          labelsPath,
        );
      const { images, labels } = await npzImages(path, options);
      return new NpyImageDataset(images, labels);
    }
    const reading = readingOf(options);
    const images = imagesOf(await openNpy(path, reading), path, options);
    if (labelsPath === undefined) return new NpyImageDataset(images);
    return new NpyImageDataset(
      images,
      labelsOf(await openNpy(labelsPath, reading), labelsPath, images.shape[0]!, path),
    );
  }
}

const readingOf = ({ maxBytes }: OpenNpyOptions): OpenNpyOptions => (maxBytes === undefined ? {} : { maxBytes });

async function npzImages(
  path: string,
  options: NpyImageDatasetOptions,
): Promise<{ images: NdArray<Uint8Array>; labels: Uint8Array | Int32Array | undefined }> {
  const npz = await openNpz(path, readingOf(options));
  const imagesName = options.imagesName ?? soleName(path, npz.names, imageNames, 'imagesName');
  if (imagesName === undefined)
    throw new DataError(
      `has none of ${imageNames.join(', ')}; ${holdsText(npz.names)}${npz.names.length === 0 ? '' : '; say imagesName'}`,
      { path },
    );
  const labelsName = options.labelsName ?? soleName(path, npz.names, labelNames, 'labelsName');
  const images = imagesOf(await npz.get(imagesName), `${path}:${imagesName}`, options);
  if (labelsName === undefined) return { images, labels: undefined };
  const labels = await npz.get(labelsName);
  return { images, labels: labelsOf(labels, `${path}:${labelsName}`, images.shape[0]!, imagesName) };
}

function soleName(
  path: string,
  names: readonly string[],
  known: readonly string[],
  option: string,
): string | undefined {
  const found = known.filter((name) => names.includes(name));
  if (found.length > 1) throw new DataError(`has ${found.join(' and ')}; say ${option}`, { path });
  return found[0];
}

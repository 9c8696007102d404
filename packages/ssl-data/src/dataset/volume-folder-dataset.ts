import { join } from 'node:path';
import { checkPath } from '@selfsup/ssl-core/files';
import { checkOptions, DataError, ndArray, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import { openNifti } from '../io/open-nifti.js';
import { openNpy } from '../io/open-npy.js';
import { checkIndex } from './check-index.js';
import type { Dataset } from './dataset.js';
import { type DatasetSource, ownSource } from './dataset-source.js';
import { folderClasses, folderClassOptionNames, type FolderClassOptions } from './folder-classes.js';
import type { LeftOut } from './left-out.js';
import { listVolumeFiles } from './list-volume-files.js';
import { stringAt, type StringTable } from './string-table.js';
import { checkOpened } from './check-opened.js';

/** What data sets of volumes deliver. */
export interface VolumeSample {
  /** `[depth, height, width, channels]`. */
  readonly volume: NdArray<Float32Array>;
  /** Class, 0-based. */
  readonly label?: number;
}

export interface VolumeFolderOptions extends FolderClassOptions {
  /** Most bytes of one volume, in the file and in memory. Default 2 GiB. */
  readonly maxBytes?: number;
}

const volumeFolderOptionNames: OptionNames<VolumeFolderOptions> = {
  ...folderClassOptionNames,
  maxBytes: 'optionalNumber',
};

/** Plain data by which another thread opens the same volumes. */
export interface VolumeFiles {
  readonly root: string;
  readonly paths: StringTable;
  readonly labels: Int32Array | undefined;
  readonly classes: readonly string[];
  readonly maxBytes: number;
}

/**
 * A folder of volumes (.nii, .nii.gz, .npy), recursive: one sub-folder per class, or flat and unlabelled. Sorted, so that
 * numbers are stable. Volumes are read when asked for, as float32: NIfTI as {@link openNifti} gives it, arrays of NumPy of
 * `[d, h, w]` or `[d, h, w, c]`.
 */
export class VolumeFolderDataset implements Dataset<VolumeSample> {
  readonly length: number;
  /** Files in the folder that are none of the samples, by ending; hidden ones are not counted. */
  readonly leftOut: readonly LeftOut[];
  readonly #files: VolumeFiles;

  /** Use {@link VolumeFolderDataset.open}. */
  constructor(files: VolumeFiles, leftOut: readonly LeftOut[] = []) {
    checkOpened('VolumeFolderDataset', (files as Partial<VolumeFiles> | undefined)?.paths !== undefined, files);
    this.#files = files;
    this.leftOut = leftOut;
    this.length = files.paths.lengths.length;
  }

  /** Names of the classes, in the order of their numbers; empty without classes. */
  get classes(): readonly string[] {
    return this.#files.classes;
  }

  /** Class of each volume, `[length]`, where known. */
  get labels(): Int32Array | undefined {
    return this.#files.labels;
  }

  get source(): DatasetSource {
    return ownSource('volumeFiles', this.#files);
  }

  /**
   * @param root the folder
   * @throws InvalidOptionError; DataError when the folder is missing, holds no volume, mixes both layouts, has a class
   *   without volumes or one that is not in `classes`, or a link that leads out of it
   */
  static async open(root: string, options: VolumeFolderOptions = {}): Promise<VolumeFolderDataset> {
    checkOptions('VolumeFolderDataset.open', options, volumeFolderOptionNames);
    checkPath('VolumeFolderDataset.open', 'root', root);
    const { maxBytes = 2 ** 31, ...how } = options;
    const listing = await listVolumeFiles(root);
    const { paths, leftOut } = listing;
    const found = await folderClasses('VolumeFolderDataset.open', 'volumes', root, listing, how);
    return new VolumeFolderDataset({ root, paths, maxBytes, ...found }, leftOut);
  }

  /** Path of volume `index`. */
  path(index: number): string {
    checkIndex('VolumeFolderDataset', index, this.length);
    return join(this.#files.root, stringAt(this.#files.paths, index));
  }

  /** @throws DataError when the file cannot be read */
  async get(index: number): Promise<VolumeSample> {
    const path = this.path(index);
    const { labels, maxBytes } = this.#files;
    const volume = /\.npy$/i.test(path)
      ? await npyVolume(path, maxBytes)
      : (await openNifti(path, { maxBytes })).volume;
    return labels === undefined ? { volume } : { volume, label: labels[index]! };
  }
}

async function npyVolume(path: string, maxBytes: number): Promise<NdArray<Float32Array>> {
  const { data, shape } = await openNpy(path, { maxBytes });
  if (shape.length < 3 || shape.length > 4 || data.length === 0)
    throw new DataError(
      `holds [${shape.join(', ')}]; a volume is [depth, height, width] or has channels as a fourth axis`,
      {
        path,
      },
    );
  // uint8 grows to four times its size.
  if (data.length * 4 > maxBytes)
    throw new DataError(`needs ${data.length * 4} bytes as float32, the limit is ${maxBytes}; raise maxBytes`, {
      path,
    });
  const voxels = data instanceof Float32Array ? data : Float32Array.from(data);
  return ndArray(voxels, shape.length === 3 ? [...shape, 1] : shape);
}

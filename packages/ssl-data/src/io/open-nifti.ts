import { checkOptions, ndArray, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import { niftiFormat } from './nifti-format.js';
import { fileSource, readArray } from './read-array.js';
import { reorderAxes } from './reorder-axes.js';

export interface OpenNiftiOptions {
  /** Largest number of bytes of voxels, in the file and in memory (4 each), that is accepted. Default 2 GiB. */
  readonly maxBytes?: number;
}

const openNiftiOptionNames: OptionNames<OpenNiftiOptions> = {
  maxBytes: 'optionalNumber',
};

/** A volume and where it lies. */
export interface Nifti {
  /**
   * `[d, h, w, c]` in shared memory: d, h and w are the file's third, second and first axis (k, j and i), c all further
   * ones (time, directions), the fourth running fastest. Voxels lie as in the file; nothing is turned to a standard orientation.
   */
  readonly volume: NdArray<Float32Array>;
  /**
   * `[4, 4]`, rows first: `affine x (i, j, k, 1)` is the place of voxel `volume[k, j, i]` in mm, x to the right, y to the front,
   * z up (RAS+).
   */
  readonly affine: readonly (readonly number[])[];
  /** Distance of neighbouring voxels along `[d, h, w]`, mm; 0 where the file does not say. */
  readonly spacing: readonly [depth: number, height: number, width: number];
}

/**
 * Reads a volume from a NIfTI-1 or NIfTI-2 file (.nii, .nii.gz), of either byte order.
 *
 * Values are `scl_slope * stored + scl_inter` where the file has a slope, rounded once to float32. The size on disk is
 * checked before anything is allocated. Volumes with more than one channel need their memory twice while they are read.
 *
 * @param path file
 * @throws DataError for a file that is missing, damaged, truncated or beyond `maxBytes`, for .hdr/.img pairs, and for complex
 *   numbers, colours and numbers of 128 bits
 * Source: NIfTI-1 (nifti1.h) and NIfTI-2 (nifti2.h), https://nifti.nimh.nih.gov.
 */
export async function openNifti(path: string, options: OpenNiftiOptions = {}): Promise<Nifti> {
  checkOptions('openNifti', options, openNiftiOptionNames);
  const { maxBytes = 2 ** 31 } = options;
  const { header, array } = await readArray(await fileSource(path), niftiFormat, maxBytes);
  const { affine, spacing } = header;
  const voxels = array.data as Float32Array;
  const [channels, ...sides] = array.shape as [number, number, number, number];
  const volume =
    channels === 1 ? ndArray(voxels, [...sides, 1]) : reorderAxes(voxels, [channels, ...sides], [3, 0, 1, 2]);
  return { volume, affine, spacing };
}

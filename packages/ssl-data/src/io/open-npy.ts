import { checkOptions, type NdArray, type OptionNames } from '@selfsup/ssl-core';
import { npyFormat } from './npy-format.js';
import { type ByteSource, fileSource, readArray } from './read-array.js';
import { reorderAxes } from './reorder-axes.js';

export interface OpenNpyOptions {
  /** Largest number of bytes of data, in the file and in memory, that is accepted. Default 2 GiB. */
  readonly maxBytes?: number;
}

/** Names of {@link OpenNpyOptions}. */
export const openNpyOptionNames: OptionNames<OpenNpyOptions> = {
  maxBytes: 'optionalNumber',
};

/**
 * Reads one array from NumPy's .npy file (versions 1.0, 2.0 and 3.0, either byte order, C or Fortran order), plain or
 * gzip-compressed. The size on disk is checked before anything is allocated. The data lie in shared memory, in C order:
 * bool and uint8 as uint8, other integers as int32 (a value beyond it is an error), reals as float32 (rounded; a value
 * beyond it is an error). An array in Fortran order needs its memory twice while it is read.
 *
 * @param path file
 * @returns the array in the shape of the header
 * @throws DataError for a file that is missing, no .npy file, truncated, longer than its header says or beyond
 *   `maxBytes`, for values that do not fit, and for elements that are no plain numbers: structures, strings, dates,
 *   complex numbers, and Python objects, which would have to be unpickled
 * Source: NumPy, 'numpy.lib.format' (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), NEP 1.
 */
export async function openNpy(path: string, options: OpenNpyOptions = {}): Promise<NdArray> {
  checkOptions('openNpy', options, openNpyOptionNames);
  return readNpy(await fileSource(path), options);
}

/** As {@link openNpy}, from any source of bytes. */
export async function readNpy(source: ByteSource, options: OpenNpyOptions = {}): Promise<NdArray> {
  const { maxBytes = 2 ** 31 } = options;
  const { header, array } = await readArray(source, npyFormat, maxBytes);
  const { length: rank } = array.shape;
  if (!header.fortranOrder || rank < 2) return array;
  const axes = Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  return reorderAxes(array.data, [...array.shape].reverse(), axes);
}

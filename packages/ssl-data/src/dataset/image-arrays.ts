import { DataError, ndArray, type NdArray } from '@selfsup/ssl-core';
import { reorderAxes } from '../io/reorder-axes.js';

/** Where channels lie in an array of images: `[n, h, w, c]` or `[n, c, h, w]`. */
export type ChannelAxis = 'last' | 'first';

/** Bytes of memory that an image needs beside its pixels: see PackedImages. */
const bytesPerImage = 20;

/**
 * An array from a file as images.
 *
 * @param array uint8, `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`
 * @param path file that it is from
 * @param options `maxBytes`: most bytes of memory for the images; `channelAxis`: of an array with four axes
 * @returns `[n, h, w, c]`
 * @throws DataError for another type or shape, for images without pixels, and for so many that their table is beyond
 *   `maxBytes`
 */
export function imagesOf(
  array: NdArray,
  path: string,
  options: { readonly maxBytes?: number | undefined; readonly channelAxis?: ChannelAxis | undefined },
): NdArray<Uint8Array> {
  const { maxBytes = 2 ** 31, channelAxis = 'last' } = options;
  const { data, shape } = array;
  if (!(data instanceof Uint8Array) || shape.length < 3 || shape.length > 4) {
    throw new DataError(
      `holds [${shape.join(', ')}] of ${data.constructor.name}; images are [n, height, width] or [n, height, width, channels] of uint8`,
      { path },
    );
  }
  if (data.length === 0) throw new DataError(`holds no pixels: [${shape.join(', ')}]`, { path });
  const count = shape[0]!;
  if (count * bytesPerImage > maxBytes)
    throw new DataError(
      `holds ${count} images, whose table needs ${count * bytesPerImage} bytes, the limit is ${maxBytes}; raise maxBytes if the file is right`,
      { path },
    );
  if (shape.length === 3) return ndArray(data, [...shape, 1]);
  const channels = shape[channelAxis === 'last' ? 3 : 1]!;
  if (channels !== 1 && channels !== 3) {
    const other = channelAxis === 'last' ? 'first' : 'last';
    const elsewhere = [1, 3].includes(shape[other === 'last' ? 3 : 1]!);
    throw new DataError(
      `has ${channels} channels (shape [${shape.join(', ')}], channels ${channelAxis}); images are grey (1) or RGB (3); ${
        elsewhere
          ? `say channelAxis: '${other}', where there are as many`
          : channels === 4
            ? 'of RGBA, blend the alpha over a background and save RGB'
            : 'save one or three of them'
      }`,
      { path },
    );
  }
  return channelAxis === 'last' ? ndArray(data, shape) : reorderAxes(data, shape, [0, 3, 1, 2]);
}

/**
 * An array from a file as classes of images.
 *
 * @param array integers, `[n]` or `[n, 1]`
 * @param path file that it is from
 * @param count n, the number of images
 * @param images where the images are from
 * @throws DataError for another type or shape, and for negative numbers
 */
export function labelsOf(array: NdArray, path: string, count: number, images: string): Uint8Array | Int32Array {
  const { data, shape } = array;
  if (data instanceof Float32Array || !(shape.length === 1 || (shape.length === 2 && shape[1] === 1))) {
    throw new DataError(`holds [${shape.join(', ')}] of ${data.constructor.name}; classes are [n] of uint8 or int32`, {
      path,
    });
  }
  if (shape[0] !== count) {
    throw new DataError(
      `has ${shape[0]} classes, ${images} has ${count} images; give two files of the same part of the data set`,
      { path },
    );
  }
  const negative = data.findIndex((label) => label < 0);
  if (negative >= 0)
    throw new DataError(
      `class of image ${negative} is ${data[negative]}; classes are numbers from 0 on; take images without a label out of the array`,
      { path },
    );
  return data;
}

import { checkOptions, DataError, InvalidOptionError, ndArray, type OptionNames } from '@selfsup/ssl-core';
import { type DescribedVolumeView, type Volume, volumeShape, volumeView } from './volume.js';

export interface RandomVolumeCropOptions {
  /** Output side, or depth, height and width, voxels. */
  readonly size: number | readonly [depth: number, height: number, width: number];
}

const randomVolumeCropOptionNames: OptionNames<RandomVolumeCropOptions> = {
  size: 'required',
};

/** First voxel of a crop along depth, height and width. */
export type VolumeCorner = readonly [z: number, y: number, x: number];

/**
 * A part of fixed size at a random place.
 *
 * @returns a view `[d, h, w, c] -> [size, size, size, c]`
 * @throws InvalidOptionError; the view throws DataError for a volume that is too small
 * Source: MONAI's `RandSpatialCrop` with `random_size=False`.
 */
export function randomVolumeCrop(options: RandomVolumeCropOptions): DescribedVolumeView<VolumeCorner> {
  checkOptions('randomVolumeCrop', options, randomVolumeCropOptionNames);
  const { size } = options;
  const sides = typeof size === 'number' ? ([size, size, size] as const) : size;
  if (!sides.every((side) => Number.isInteger(side) && side > 0))
    throw new InvalidOptionError('randomVolumeCrop', 'size', 'a positive integer or three', String(size));
  return volumeView<VolumeCorner>('randomVolumeCrop', options, {
    draw: (shape, random) => {
      const corner = sides.map((side, axis) => {
        if (shape[axis]! < side)
          throw new DataError(
            `randomVolumeCrop takes ${sides.join(' x ')} voxels, more than a volume of ${shape.slice(0, 3).join(' x ')} has; take a smaller size, or leave the volume out`,
          );
        return random.integer(shape[axis]! - side + 1);
      });
      return [corner[0]!, corner[1]!, corner[2]!];
    },
    apply: (volume, corner) => cropVolume(volume, corner, sides),
  });
}

function cropVolume(volume: Volume, [z, y, x]: VolumeCorner, sides: readonly [number, number, number]): Volume {
  const [, height, width, channels] = volumeShape(volume, 'randomVolumeCrop');
  const [outDepth, outHeight, outWidth] = sides;
  const length = outWidth * channels;
  const out = new Float32Array(outDepth * outHeight * length);
  for (let plane = 0; plane < outDepth; plane++) {
    for (let row = 0; row < outHeight; row++) {
      const from = (((z + plane) * height + y + row) * width + x) * channels;
      out.set(volume.data.subarray(from, from + length), (plane * outHeight + row) * length);
    }
  }
  return ndArray(out, [...sides, channels]);
}

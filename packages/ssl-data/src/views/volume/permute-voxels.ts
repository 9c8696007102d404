import { ndArray } from '@selfsup/ssl-core';
import { type Volume, type VolumeAxis, volumeShape } from './volume.js';

/** Where an output axis comes from. */
export interface AxisSource {
  readonly axis: VolumeAxis;
  readonly reversed: boolean;
}

/** Exchanges and mirrors spatial axes. @param volume `[d, h, w, c]` @param sources for depth, height and width of the result */
export function permuteVoxels(volume: Volume, sources: readonly [AxisSource, AxisSource, AxisSource]): Volume {
  const shape = volumeShape(volume, 'permuteVoxels');
  const channels = shape[3];
  const strides = [shape[1] * shape[2] * channels, shape[2] * channels, channels];
  const sides = sources.map(({ axis }) => shape[axis]);
  const steps = sources.map(({ axis, reversed }) => (reversed ? -1 : 1) * strides[axis]!);
  // Reversed axes are walked from their last voxel.
  const start = sources.reduce(
    (sum, { axis, reversed }) => sum + (reversed ? (shape[axis] - 1) * strides[axis]! : 0),
    0,
  );
  const out = new Float32Array(volume.data.length);
  let to = 0;
  for (let z = 0; z < sides[0]!; z++) {
    for (let y = 0; y < sides[1]!; y++) {
      let from = start + z * steps[0]! + y * steps[1]!;
      for (let x = 0; x < sides[2]!; x++, from += steps[2]!)
        for (let channel = 0; channel < channels; channel++) out[to++] = volume.data[from + channel]!;
    }
  }
  return ndArray(out, [...sides, channels]);
}

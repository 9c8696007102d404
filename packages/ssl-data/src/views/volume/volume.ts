import { type NdArray, type RandomStream, ShapeError } from '@selfsup/ssl-core';
import type { ViewSpec } from '../view.js';

/** A volume on the host, float32 `[depth, height, width, channels]`. */
export type Volume = NdArray<Float32Array>;

/** Depth, height, width and channels. */
export type VolumeShape = readonly [depth: number, height: number, width: number, channels: number];

/** A spatial axis: 0 depth, 1 height, 2 width. */
export type VolumeAxis = 0 | 1 | 2;

/** The shape of a volume; throws {@link ShapeError} when it has another rank. */
export function volumeShape({ shape, data }: Volume, where: string): VolumeShape {
  const [depth, height, width, channels] = shape;
  if (
    shape.length !== 4 ||
    depth === undefined ||
    height === undefined ||
    width === undefined ||
    channels === undefined ||
    data.length !== depth * height * width * channels
  )
    throw new ShapeError(
      where,
      'volume',
      '[depth, height, width, channels]',
      `[${shape.join(', ')}] with ${data.length} values`,
    );
  return [depth, height, width, channels];
}

/** A volume view in two steps: numbers are drawn, then applied. */
export interface VolumeSteps<P = unknown> {
  /** Draws one set of parameters, plain data. */
  draw(shape: VolumeShape, random: RandomStream): P;
  /** Deterministic in volume and parameters; never writes into its input, may return it unchanged. */
  apply(volume: Volume, parameters: P): Volume;
}

/**
 * A random change of one volume: a pure function of the volume and the numbers drawn from `random`. Built-in ones carry
 * `spec`, so that the loader can make them again in a worker.
 */
export interface VolumeView<P = unknown> {
  (volume: Volume, random: RandomStream): Volume;
  readonly spec?: ViewSpec;
  readonly steps?: VolumeSteps<P>;
}

/** A built-in view of volumes. */
export interface DescribedVolumeView<P = unknown> extends VolumeView<P> {
  readonly spec: ViewSpec;
  readonly steps: VolumeSteps<P>;
}

/** Makes a built-in view of its recipe and its two steps. */
export function volumeView<P>(kind: string, options: unknown, steps: VolumeSteps<P>): DescribedVolumeView<P> {
  const view = (volume: Volume, random: RandomStream): Volume =>
    steps.apply(volume, steps.draw(volumeShape(volume, kind), random));
  return Object.assign(view, { spec: { kind, options }, steps });
}

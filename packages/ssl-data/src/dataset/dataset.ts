import type { Image } from '../image/image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import type { DatasetSource } from './dataset-source.js';

/**
 * Numbered samples. The same index always gives the same sample.
 *
 * A data set with a `source` can be opened again in worker threads; those of files and pictures of this package have one,
 * and so has a class of one's own that says `{ module, exportName, options }`.
 */
export interface Dataset<S> {
  readonly length: number;
  /**
   * @param memory where the sample's pixels may be put: they are then good until the caller uses that memory again, so
   * that a data set that keeps samples must not pass it on to another one. Default: new memory
   */
  get(index: number, memory?: PixelMemory): S | Promise<S>;
  readonly source?: DatasetSource | undefined;
  /** Names of the classes, in the order of their numbers; absent or empty where there are none. Packing keeps them. */
  readonly classes?: readonly string[] | undefined;
}

/** What image data sets deliver. */
export interface ImageSample {
  /** `[height, width, channels]`. */
  readonly image: Image;
  /** Class, 0-based; -1 = no label. */
  readonly label?: number;
}

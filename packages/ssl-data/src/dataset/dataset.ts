import type { Image } from '../image/image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import type { ModuleExport } from '../io/import-export.js';
import type { PackedImages } from './packed-images.js';
import type { StringTable } from './string-table.js';
import type { ImageDecoding } from '../image/decode-image.js';
import type { LmdbSource } from '../lmdb/lmdb-dataset.js';
import type { ParquetSource } from '../parquet/parquet-image-dataset.js';
import type { WebDatasetSource } from '../webdataset/web-dataset.js';

/**
 * Numbered samples. The same index always gives the same sample.
 *
 * A data set with a `source` can be opened again in worker threads; all built-in image data sets have one, a class of
 * one's own gets one by `{ kind: 'module', module, exportName, options }`.
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

/** How to open a data set again in a worker thread: plain data; large parts lie in shared memory. */
export type DatasetSource =
  | { readonly kind: 'packed-images'; readonly packed: PackedImages }
  | {
      readonly kind: 'image-files';
      readonly root: string;
      readonly paths: StringTable;
      readonly labels: Int32Array | undefined;
      readonly decoding: ImageDecoding;
      readonly checkLinks: boolean;
    }
  | { readonly kind: 'subset'; readonly of: DatasetSource; readonly indices: Int32Array }
  | ({ readonly kind: 'webdataset' } & WebDatasetSource)
  | ({ readonly kind: 'lmdb' } & LmdbSource)
  | ({ readonly kind: 'parquet' } & ParquetSource)
  | ({ readonly kind: 'module' } & ModuleExport);

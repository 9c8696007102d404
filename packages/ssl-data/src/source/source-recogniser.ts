import type { ClassOptions } from '../dataset/class-list.js';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import type { LeftOut } from '../dataset/left-out.js';
import type { ImageRecognition } from '../dataset/list-image-files.js';
import type { VolumeSample } from '../dataset/volume-folder-dataset.js';
import type { ImageDecoding } from '../image/decode-image.js';
import type { HttpOptions } from '../webdataset/http-source.js';
import type { ShardCacheOptions } from '../webdataset/shard-cache.js';
import type { SourcePlace } from './source-place.js';

/** A kind of source that {@link openSource} knows. */
export type SourceKind =
  | 'image-folder'
  | 'image-list'
  | 'manifest'
  | 'webdataset'
  | 'lmdb'
  | 'parquet'
  | 'idx'
  | 'cifar'
  | 'numpy'
  | 'volume-folder';

export interface OpenSourceOptions extends ClassOptions {
  /** Open as this kind, whatever it looks like. Default: the one that it looks like. */
  readonly kind?: SourceKind;
  /** Part of CIFAR, of a folder of IDX files and of an .npz file that have both. Default `train`. */
  readonly split?: 'train' | 'test';
  /** Of folders: `folders` for one sub-folder per class, `none` for no classes. Default: as the files lie. */
  readonly labels?: 'folders' | 'none';
  /** IDX or .npy file with the classes. Default: for IDX the one that belongs to the images by its name. */
  readonly labelFile?: string;
  /** Of folders of images: which files are images. Default `endings`; `contents` goes by first bytes too. */
  readonly recognise?: ImageRecognition;
  /** Of tables and lists of images: a name that TextDecoder knows, such as `windows-1252`. Default `utf-8`. */
  readonly encoding?: string;
  /**
   * Options of the data set that the kind opens, by the names that they have there, such as `{ imageColumn: 'photo' }` of
   * `ManifestDataset.open` or `{ keyPrefix: 'image-' }` of `LmdbDataset.open`.
   */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How image files become arrays. */
  readonly decoding?: ImageDecoding;
  /** Where shards from a server are kept. */
  readonly cache?: ShardCacheOptions;
  /** How servers are asked. */
  readonly http?: HttpOptions;
}

interface OpenedAs {
  readonly kind: SourceKind;
  /** Names of the classes, in the order of their numbers; empty where the source has none. */
  readonly classes: readonly string[];
  /** What lies there and is none of the samples: files by ending, members and records by kind. */
  readonly leftOut: readonly LeftOut[];
  /** Classes of all samples, `[length]`, read where need be; undefined where there are none. */
  labels(): Promise<ArrayLike<number> | undefined>;
  /** Closes files; they open again when asked for. */
  close(): Promise<void>;
}

/** An opened source of images. */
export interface ImageSource extends OpenedAs {
  readonly content: 'images';
  readonly dataset: Dataset<ImageSample>;
}

/** An opened source of volumes. */
export interface VolumeSource extends OpenedAs {
  readonly content: 'volumes';
  readonly dataset: Dataset<VolumeSample>;
}

export type OpenedSource = ImageSource | VolumeSource;

/** A kind of source: how it is told from others, and how it is opened. */
export interface SourceRecogniser {
  readonly kind: SourceKind;
  /** What people have that is of this kind; a line of the message where nothing was recognised. */
  readonly description: string;
  /** Names that {@link OpenSourceOptions.options} may have. */
  readonly options: readonly string[];
  /** Whether the place looks like it. Reads nothing but what was seen already. */
  recognises(place: SourcePlace): boolean;
  open(place: SourcePlace, options: OpenSourceOptions): Promise<OpenedSource>;
}

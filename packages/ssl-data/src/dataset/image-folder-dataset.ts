import { join } from 'node:path';
import { DataError } from 'ssl-tensor/host';
import { decodeImage, type ImageDecoding } from '../image/decode-image.js';
import { checkIndex } from './check-index.js';
import type { Dataset, DatasetSource, ImageSample } from './dataset.js';
import { listImageFiles } from './list-image-files.js';
import { sharedIntegers } from './shared-memory.js';
import { stringAt, type StringTable, stringTable } from './string-table.js';

export interface ImageFolderOptions extends ImageDecoding {
  /**
   * `folders`: the first folder of a path is its class; `none`: no classes. Default: `folders` when all images lie in
   * sub-folders, `none` when all lie in the folder itself.
   */
  readonly labels?: 'folders' | 'none';
}

/** Image files, decoded when asked for. */
export class ImageFilesDataset implements Dataset<ImageSample> {
  readonly length: number;
  /** Class of each file, `[length]`, where known. */
  readonly labels: Int32Array | undefined;
  readonly #root: string;
  readonly #paths: StringTable;
  readonly #decoding: ImageDecoding;

  constructor(root: string, paths: StringTable, labels: Int32Array | undefined, decoding: ImageDecoding) {
    this.#root = root;
    this.#paths = paths;
    this.#decoding = decoding;
    this.labels = labels;
    this.length = paths.lengths.length;
  }

  get source(): DatasetSource {
    return { kind: 'image-files', root: this.#root, paths: this.#paths, labels: this.labels, decoding: this.#decoding };
  }

  /** Path of sample `index`. */
  path(index: number): string {
    checkIndex('ImageFolderDataset', index, this.length);
    return join(this.#root, stringAt(this.#paths, index));
  }

  /** @throws DataError when the file cannot be decoded */
  async get(index: number): Promise<ImageSample> {
    const image = await decodeImage(this.path(index), this.#decoding);
    return this.labels === undefined ? { image } : { image, label: this.labels[index]! };
  }
}

/** A folder of images, recursive: one sub-folder per class, or flat and unlabelled. Sorted, so that numbers are stable. */
export class ImageFolderDataset extends ImageFilesDataset {
  /** Names of the classes, in the order of their numbers; empty without classes. */
  readonly classes: readonly string[];

  private constructor(
    root: string,
    paths: StringTable,
    labels: Int32Array | undefined,
    classes: readonly string[],
    decoding: ImageDecoding,
  ) {
    super(root, paths, labels, decoding);
    this.classes = classes;
  }

  /**
   * @param root the folder
   * @throws DataError when the folder is missing, holds no image, mixes both layouts, or has a link that leads out of it
   */
  static async open(root: string, options: ImageFolderOptions = {}): Promise<ImageFolderDataset> {
    const { labels, ...decoding } = options;
    const files = await listImageFiles(root);
    const loose = files.filter((file) => !file.includes('/')).length;
    if (labels !== 'none' && loose > 0 && (loose < files.length || labels === 'folders')) {
      throw new DataError(
        `${loose} of ${files.length} images lie outside the class folders; move them, or pass labels: 'none'`,
        { path: root },
      );
    }
    const paths = stringTable(files);
    if (labels === 'none' || loose > 0) return new ImageFolderDataset(root, paths, undefined, [], decoding);
    const folders = files.map((file) => file.slice(0, file.indexOf('/')));
    const classes = [...new Set(folders)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const numbers = new Map(classes.map((name, index) => [name, index]));
    return new ImageFolderDataset(
      root,
      paths,
      sharedIntegers(folders.map((name) => numbers.get(name)!)),
      classes,
      decoding,
    );
  }
}

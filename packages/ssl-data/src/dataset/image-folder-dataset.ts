import { dirname, resolve } from 'node:path';
import { DataError } from 'ssl-tensor/host';
import type { ImageDecoding } from '../image/decode-image.js';
import { folderLabels } from './folder-labels.js';
import { ImageFilesDataset } from './image-files-dataset.js';
import type { LabelKind } from './label-column.js';
import { listImageFiles } from './list-image-files.js';
import { readImageList } from './read-image-list.js';
import type { StringTable } from './string-table.js';

export interface ImageFolderOptions extends ImageDecoding {
  /**
   * `folders`: the first folder of a path is its class; `none`: no classes. Default: `folders` when all images lie in
   * sub-folders, `none` when all lie in the folder itself.
   */
  readonly labels?: 'folders' | 'none';
}

export interface ImageListOptions extends ImageDecoding {
  /** Folder that paths are relative to and that no path leads out of. Default: the list's folder. */
  readonly root?: string;
  /**
   * `integers`: labels are classes as they are. `names`: classes are numbered in the order of the sorted names, also when
   * they look like numbers. Default: as the first label is, and then a label of the other kind is an error.
   */
  readonly labels?: LabelKind;
  /** Encoding of the list, by a name that TextDecoder knows, such as `utf-16le` or `windows-1252`. Default `utf-8`. */
  readonly encoding?: string;
  /** Longest line, bytes. Default 64 KiB. */
  readonly maxLineBytes?: number;
  /** Largest list, bytes after decompression. Default 2 GiB. */
  readonly maxBytes?: number;
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
    checkLinks: boolean,
  ) {
    super(root, paths, labels, decoding, checkLinks);
    this.classes = classes;
  }

  /**
   * @param root the folder
   * @throws DataError when the folder is missing, holds no image, mixes both layouts, or has a link that leads out of it
   */
  static async open(root: string, options: ImageFolderOptions = {}): Promise<ImageFolderDataset> {
    const { labels: layout, ...decoding } = options;
    const paths = await listImageFiles(root);
    const count = paths.lengths.length;
    const { loose, labels, classes } = folderLabels(paths);
    if (layout !== 'none' && loose > 0 && (loose < count || layout === 'folders')) {
      throw new DataError(
        `${loose} of ${count} images lie outside the class folders; move them, or pass labels: 'none'`,
        { path: root },
      );
    }
    if (layout === 'none' || loose > 0) return new ImageFolderDataset(root, paths, undefined, [], decoding, false);
    return new ImageFolderDataset(root, paths, labels, classes, decoding, false);
  }

  /**
   * The images that a text file lists, in its order: one path a line, then, where there are labels, a tab, comma or space
   * and an integer or a name. A line without label has the label -1. The list may be gzip- or Zstandard-compressed. Files
   * are opened when asked for; a missing one is an error then.
   *
   * @param listFile the list; paths end in one of {@link imageExtensions} and may hold spaces
   * @throws DataError, with the line, when the list is missing, damaged or empty, a line names no image or one outside
   *   `root`, or integers and names are mixed as labels; InvalidOptionError for an unknown encoding
   */
  static async fromList(listFile: string, options: ImageListOptions = {}): Promise<ImageFolderDataset> {
    const { root: folder, labels: kind, encoding = 'utf-8', ...more } = options;
    const { maxLineBytes = 2 ** 16, maxBytes = 2 ** 31, ...decoding } = more;
    const root = resolve(folder ?? dirname(listFile));
    const lines = { encoding, maxLineBytes, maxBytes, where: 'ImageFolderDataset.fromList' };
    const { paths, labels, classes } = await readImageList(listFile, root, kind, lines);
    return new ImageFolderDataset(root, paths, labels, classes, decoding, true);
  }
}

import { dirname, resolve } from 'node:path';
import { checkPath } from '@selfsup/ssl-core/files';
import { checkChoice, checkOptions, type OptionNames } from '@selfsup/ssl-core';
import type { ImageDecoding } from '../image/decode-image.js';
import { classOptionNames, type ClassOptions } from './class-list.js';
import { folderClasses, folderClassOptionNames, type FolderClassOptions } from './folder-classes.js';
import { ImageFilesDataset } from './image-files-dataset.js';
import type { LabelKind } from './label-column.js';
import type { LeftOut } from './left-out.js';
import { type ImageRecognition, listImageFiles } from './list-image-files.js';
import { readImageList } from './read-image-list.js';
import type { StringTable } from './string-table.js';
import { imageDecodingOptionNames } from '../image/image-decoding.js';

export interface ImageFolderOptions extends ImageDecoding, FolderClassOptions {
  /**
   * `endings`: files with one of the `imageExtensions` are images; `contents`: others too when they begin as an image
   * does. Default `endings`; see `leftOut` for what is no image then.
   */
  readonly recognise?: ImageRecognition;
}

const imageFolderOptionNames: OptionNames<ImageFolderOptions> = {
  ...imageDecodingOptionNames,
  ...folderClassOptionNames,
  recognise: 'optional',
};

export interface ImageListOptions extends ImageDecoding, ClassOptions {
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

const imageListOptionNames: OptionNames<ImageListOptions> = {
  ...imageDecodingOptionNames,
  ...classOptionNames,
  root: 'optional',
  labels: 'optional',
  encoding: 'optional',
  maxLineBytes: 'optionalNumber',
  maxBytes: 'optionalNumber',
};

/** What an image folder is made of. */
interface ImageFolder {
  readonly root: string;
  readonly paths: StringTable;
  readonly labels: Int32Array | undefined;
  readonly classes: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * A folder of images, recursive: one sub-folder per class, or flat and unlabelled. Sorted, so that numbers are stable.
 *
 * Every sub-folder of the folder itself is a class but hidden ones and those that systems make (`__MACOSX`, `@eaDir`); its name counts in Unicode's form C. One without
 * images is an error, as it would shift the numbers of the others against a data set that has it: see `allowEmpty` and
 * `classes`.
 *
 * ```ts
 * const train = await ImageFolderDataset.open('photos/train');
 * const test = await ImageFolderDataset.open('photos/test', { classes: train.classes });
 * ```
 */
export class ImageFolderDataset extends ImageFilesDataset {
  /** Names of the classes, in the order of their numbers; empty without classes. */
  readonly classes: readonly string[];
  /** Files in the folder that are none of the samples, by ending; hidden ones are not counted. */
  readonly leftOut: readonly LeftOut[];

  private constructor({ root, paths, labels, classes, leftOut }: ImageFolder, decoding: ImageDecoding, links: boolean) {
    super(root, paths, labels, decoding, links);
    this.classes = classes;
    this.leftOut = leftOut;
  }

  /**
   * @param root the folder
   * @throws InvalidOptionError; DataError when the folder is missing, holds no image, mixes both layouts, has a class
   *   without images or one that is not in `classes`, or a link that leads out of it
   */
  static async open(root: string, options: ImageFolderOptions = {}): Promise<ImageFolderDataset> {
    checkOptions('ImageFolderDataset.open', options, imageFolderOptionNames);
    checkPath('ImageFolderDataset.open', 'root', root);
    const { labels, classes, allowEmpty, recognise = 'endings', ...decoding } = options;
    checkChoice('ImageFolderDataset.open', 'recognise', recognise, ['endings', 'contents']);
    const listing = await listImageFiles(root, recognise);
    const { paths, leftOut } = listing;
    const how = { labels, classes, allowEmpty };
    const found = await folderClasses('ImageFolderDataset.open', 'images', root, listing, how);
    return new ImageFolderDataset({ root, paths, leftOut, ...found }, decoding, false);
  }

  /**
   * The images that a text file lists, in its order: one path a line, then, where there are labels, a tab, comma or space
   * and an integer or a name. A line without label has the label -1. The list may be gzip- or Zstandard-compressed. Files
   * are opened when asked for; a missing one is an error then.
   *
   * @param listFile the list; paths end in one of {@link imageExtensions} and may hold spaces
   * @throws DataError, with the line, when the list is missing, damaged or empty, a line names no image or one outside
   *   `root`, integers and names are mixed as labels, or a label is not in `classes`; InvalidOptionError for an unknown
   *   encoding
   */
  static async fromList(listFile: string, options: ImageListOptions = {}): Promise<ImageFolderDataset> {
    checkOptions('ImageFolderDataset.fromList', options, imageListOptionNames);
    checkPath('ImageFolderDataset.fromList', 'listFile', listFile);
    const { root: folder, labels, classes, allowEmpty, encoding = 'utf-8', ...more } = options;
    const { maxLineBytes = 2 ** 16, maxBytes = 2 ** 31, ...decoding } = more;
    const root = resolve(folder ?? dirname(listFile));
    const lines = { encoding, maxLineBytes, maxBytes, where: 'ImageFolderDataset.fromList' };
    const found = await readImageList(listFile, root, { labels, classes, allowEmpty }, lines);
    return new ImageFolderDataset({ root, leftOut: [], ...found }, decoding, true);
  }
}

import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { decodeImage, type ImageDecoding } from '../image/decode-image.js';
import type { PixelMemory } from '../image/pixel-memory.js';
import { checkIndex } from './check-index.js';
import type { Dataset, ImageSample } from './dataset.js';
import { type DatasetSource, ownSource } from './dataset-source.js';
import { stringAt, type StringTable } from './string-table.js';
import { checkOpened } from './check-opened.js';

/** All that a thread needs to read the samples; plain data, the large parts in shared memory. */
export interface ImageFiles {
  readonly root: string;
  readonly paths: StringTable;
  readonly labels: Int32Array | undefined;
  readonly decoding: ImageDecoding;
  readonly checkLinks: boolean;
}

/** Image files, decoded when asked for. */
export class ImageFilesDataset implements Dataset<ImageSample> {
  readonly length: number;
  /** Class of each file, `[length]`, where known. */
  readonly labels: Int32Array | undefined;
  readonly #root: string;
  readonly #paths: StringTable;
  readonly #decoding: ImageDecoding;
  readonly #checkLinks: boolean;
  #realRoot: Promise<string> | undefined;

  /** @param checkLinks look, whenever a file is read, that no link leads out of `root` */
  constructor(
    root: string,
    paths: StringTable,
    labels: Int32Array | undefined,
    decoding: ImageDecoding,
    checkLinks: boolean,
  ) {
    checkOpened(new.target.name, (paths as StringTable | undefined)?.lengths !== undefined, root);
    this.#root = root;
    this.#paths = paths;
    this.#decoding = decoding;
    this.#checkLinks = checkLinks;
    this.labels = labels;
    this.length = paths.lengths.length;
  }

  get source(): DatasetSource {
    return ownSource('imageFiles', {
      root: this.#root,
      paths: this.#paths,
      labels: this.labels,
      decoding: this.#decoding,
      checkLinks: this.#checkLinks,
    } satisfies ImageFiles);
  }

  /** Path of sample `index`. */
  path(index: number): string {
    return join(this.#root, this.relativePath(index));
  }

  /** Path of sample `index` below the folder. */
  relativePath(index: number): string {
    checkIndex('ImageFilesDataset', index, this.length);
    return stringAt(this.#paths, index);
  }

  /** Path of sample `index`, to be read. Throws DataError when the file is missing or a link leads out of the folder. */
  async checkedPath(index: number): Promise<string> {
    const path = this.path(index);
    if (this.#checkLinks) await this.#refuseLinkOut(path);
    return path;
  }

  /** @throws DataError when the file is missing, lies outside the folder by a link, or cannot be decoded */
  async get(index: number, memory?: PixelMemory): Promise<ImageSample> {
    const path = await this.checkedPath(index);
    const image = await decodeImage(path, this.#decoding, memory);
    return this.labels === undefined ? { image } : { image, label: this.labels[index]! };
  }

  async #refuseLinkOut(path: string): Promise<void> {
    let real: string;
    let root: string;
    try {
      this.#realRoot ??= realpath(this.#root);
      root = await this.#realRoot;
      real = await realpath(path);
    } catch (cause) {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      throw new DataError(
        missing ? 'no such file; check the list and its root' : `cannot be read: ${(cause as Error).message}`,
        { path, cause },
      );
    }
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep))
      throw new DataError(`is a link that leads out of the data folder, to ${real}; copy the files instead`, { path });
  }
}

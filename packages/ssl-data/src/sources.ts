/** Opens the data sets of @selfsup/ssl-data in worker threads: what the `source` of each names. */
import { datasetFromSource } from './dataset/dataset-from-source.js';
import { type ImageFiles, ImageFilesDataset } from './dataset/image-files-dataset.js';
import { PackedImageDataset, type PackedImages } from './dataset/packed-images.js';
import { SubsetDataset, type SubsetSource } from './dataset/subset.js';
import { VolumeFolderDataset, type VolumeFiles } from './dataset/volume-folder-dataset.js';
import { LmdbDataset, type LmdbSource } from './lmdb/lmdb-dataset.js';
import { ParquetImageDataset } from './parquet/parquet-image-dataset.js';
import type { ParquetSource } from './parquet/parquet-source.js';
import { WebDataset } from './webdataset/web-dataset.js';
import type { WebDatasetSource } from './webdataset/web-dataset-source.js';

export const packedImages = (packed: PackedImages): PackedImageDataset => new PackedImageDataset(packed);

export const imageFiles = ({ root, paths, labels, decoding, checkLinks }: ImageFiles): ImageFilesDataset =>
  new ImageFilesDataset(root, paths, labels, decoding, checkLinks);

export const subset = async ({ of, indices }: SubsetSource): Promise<SubsetDataset<unknown>> =>
  new SubsetDataset(await datasetFromSource<unknown>(of), indices);

export const webDataset = (source: WebDatasetSource): WebDataset => new WebDataset(source);

export const lmdb = (source: LmdbSource): LmdbDataset => new LmdbDataset(source);

export const parquet = (source: ParquetSource): ParquetImageDataset => new ParquetImageDataset(source);

export const volumeFiles = (files: VolumeFiles): VolumeFolderDataset => new VolumeFolderDataset(files);

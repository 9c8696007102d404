import { loadRecipe } from '../../../apps/benchmark/src/recipes/load-recipe.js';
import {
  decodeImage,
  IdxImageDataset,
  ImageFolderDataset,
  LmdbDataset,
  ManifestDataset,
  openIdx,
  openNifti,
  openNpy,
  openNpz,
  ParquetImageDataset,
  TextLineDataset,
  WebDataset,
} from '@selfsup/ssl-data';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';
import { readCheckpoint } from '@selfsup/ssl-train';

/** A reader of files, and how its files are called. */
export interface Reader {
  readonly name: string;
  readonly extension: string;
  readonly read: (path: string) => Promise<unknown>;
}

interface Closable {
  readonly length: number;
  get(index: number): unknown;
  close?(): Promise<void>;
}

/** The first sample of a data set. */
async function firstOf(dataset: Closable): Promise<unknown> {
  try {
    return dataset.length > 0 ? await dataset.get(0) : undefined;
  } finally {
    await dataset.close?.();
  }
}

/** Everything of this repository that opens a file which somebody names. */
export const readers: readonly Reader[] = [
  { name: 'decodeImage', extension: '.png', read: (path) => decodeImage(path) },
  { name: 'openIdx', extension: '', read: (path) => openIdx(path) },
  {
    name: 'IdxImageDataset',
    extension: '.gz',
    read: async (path) => firstOf(await IdxImageDataset.open({ images: path })),
  },
  { name: 'openNpy', extension: '.npy', read: (path) => openNpy(path) },
  { name: 'openNpz', extension: '.npz', read: (path) => openNpz(path) },
  { name: 'openNifti', extension: '.nii', read: (path) => openNifti(path) },
  { name: 'WebDataset', extension: '.tar', read: async (path) => firstOf(await WebDataset.open(path)) },
  { name: 'LmdbDataset', extension: '.mdb', read: async (path) => firstOf(await LmdbDataset.open(path)) },
  {
    name: 'ParquetImageDataset',
    extension: '.parquet',
    read: async (path) => firstOf(await ParquetImageDataset.open(path)),
  },
  { name: 'ManifestDataset', extension: '.csv', read: async (path) => firstOf(await ManifestDataset.open(path)) },
  { name: 'fromList', extension: '.txt', read: async (path) => firstOf(await ImageFolderDataset.fromList(path)) },
  { name: 'TextLineDataset', extension: '.txt', read: async (path) => firstOf(await TextLineDataset.open(path)) },
  { name: 'loadSafetensors', extension: '.safetensors', read: (path) => loadSafetensors(path) },
  { name: 'readCheckpoint', extension: '.safetensors', read: (path) => readCheckpoint(path) },
  {
    name: 'WordPieceTokenizer',
    extension: '.json',
    read: async (path) => (await WordPieceTokenizer.fromFile(path)).vocabSize,
  },
  { name: 'loadRecipe', extension: '.yaml', read: async (path) => (await loadRecipe(path)).name },
];

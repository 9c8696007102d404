import { dirname, relative } from 'node:path';
import {
  CifarDataset,
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

/** A reader of files that somebody names. */
export interface FileReader {
  readonly name: string;
  /** A file that it would take, by its name. */
  readonly file: string;
  /** Reads the file to its end; the same file gives the same result. */
  readonly read: (path: string) => Promise<unknown>;
}

interface RawDataset {
  readonly length: number;
  getRaw(index: number): unknown;
  close(): Promise<void>;
}

async function allOf(dataset: RawDataset): Promise<unknown> {
  try {
    const samples: unknown[] = [];
    for (let index = 0; index < Math.min(dataset.length, 200); index++) samples.push(await dataset.getRaw(index));
    return samples;
  } finally {
    await dataset.close();
  }
}

function linesOf(length: number, get: (index: number) => unknown): unknown[] {
  return Array.from({ length }, (_, index) => get(index));
}

async function tableOf(path: string, bounds: object): Promise<unknown> {
  const dataset = await ManifestDataset.open(path, bounds);
  // Damaged copies lie in other folders.
  const paths = linesOf(dataset.length, (index) => relative(dirname(path), dataset.path(index)));
  return { paths, labels: dataset.labels, classes: dataset.classes };
}

/**
 * Every format that @selfsup/ssl-data reads from a file, for tests with files from strangers.
 *
 * @param maxBytes of what is unpacked. Default: the readers' own bounds
 */
export function fileReaders(maxBytes?: number) {
  const bounds = maxBytes === undefined ? {} : { maxBytes };
  const samples = maxBytes === undefined ? {} : { maxSampleBytes: maxBytes };
  const rows = maxBytes === undefined ? {} : { maxRowGroupBytes: maxBytes, maxRows: 10_000 };
  return {
    image: { name: 'decodeImage', file: 'a.png', read: (path) => decodeImage(path) },
    idx: { name: 'openIdx', file: 'a.idx', read: (path) => openIdx(path, bounds) },
    idxImages: {
      name: 'IdxImageDataset',
      file: 'a.gz',
      read: async (path) => (await IdxImageDataset.open({ images: path, ...bounds })).images,
    },
    npy: { name: 'openNpy', file: 'a.npy', read: (path) => openNpy(path, bounds) },
    npz: {
      name: 'openNpz',
      file: 'a.npz',
      read: async (path) => {
        const npz = await openNpz(path, { ...bounds, maxArrays: 100 });
        const arrays: unknown[] = [];
        for (const name of npz.names) arrays.push(name, await npz.get(name));
        return arrays;
      },
    },
    nifti: { name: 'openNifti', file: 'a.nii', read: (path) => openNifti(path, bounds) },
    tar: {
      name: 'WebDataset',
      file: 'a.tar',
      read: async (path) =>
        allOf(await WebDataset.open(path, { label: 'none', imageExtensions: ['jpg', 'png', 'bin'], ...samples })),
    },
    lmdb: {
      name: 'LmdbDataset',
      file: 'a.mdb',
      read: async (path) => allOf(await LmdbDataset.open(path, { keyPrefix: '', ...samples })),
    },
    parquet: {
      name: 'ParquetImageDataset',
      file: 'a.parquet',
      read: async (path) => allOf(await ParquetImageDataset.open(path, rows)),
    },
    cifar: {
      name: 'CifarDataset',
      file: 'a.tar.gz',
      read: async (path) => {
        const place = path.endsWith('.gz') ? path : dirname(path);
        const { images, labels } = await CifarDataset.open(place, { variant: 100, split: 'train', ...bounds });
        return { images, labels };
      },
    },
    text: {
      name: 'TextLineDataset',
      file: 'a.txt',
      read: async (path) => {
        const dataset = await TextLineDataset.open(path, bounds);
        return linesOf(dataset.length, (index) => dataset.get(index));
      },
    },
    manifest: { name: 'ManifestDataset', file: 'a.csv', read: (path) => tableOf(path, bounds) },
    jsonLines: { name: 'ManifestDataset of JSONL', file: 'a.jsonl', read: (path) => tableOf(path, bounds) },
    list: {
      name: 'ImageFolderDataset.fromList',
      file: 'a.lst',
      read: async (path) => {
        const dataset = await ImageFolderDataset.fromList(path);
        return dataset.length > 0 ? dataset.get(0) : undefined;
      },
    },
  } satisfies Record<string, FileReader>;
}

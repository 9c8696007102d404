import { imageListSource } from './image-list-source.js';
import { lmdbSource } from './lmdb-source.js';
import { manifestSource } from './manifest-source.js';
import { parquetSource } from './parquet-source.js';
import { cifarSource } from './cifar-source.js';
import { idxSource } from './idx-source.js';
import { imageFolderSource } from './image-folder-source.js';
import { numpySource } from './numpy-source.js';
import type { SourceRecogniser } from './source-recogniser.js';
import { volumeFolderSource } from './volume-folder-source.js';
import { webDatasetSource } from './webdataset-source.js';

/** Every kind of source, in the order in which they are listed. A place that looks like two of them is refused. */
export const sourceRecognisers: readonly SourceRecogniser[] = [
  imageFolderSource,
  imageListSource,
  manifestSource,
  webDatasetSource,
  lmdbSource,
  parquetSource,
  idxSource,
  cifarSource,
  numpySource,
  volumeFolderSource,
];

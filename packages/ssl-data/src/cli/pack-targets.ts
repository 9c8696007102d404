import { lmdbTarget } from './lmdb-target.js';
import type { PackTarget } from './pack-target.js';
import { webDatasetTarget } from './web-dataset-target.js';

/** Formats of `ssl-data pack --to`, by name. */
export const packTargets: Readonly<Record<string, PackTarget>> = { webdataset: webDatasetTarget, lmdb: lmdbTarget };

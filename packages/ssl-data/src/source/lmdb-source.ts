import { type LmdbOptions, LmdbDataset } from '../lmdb/lmdb-dataset.js';
import { lmdbMagic } from '../lmdb/lmdb-format.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** LMDB databases. */
export const lmdbSource: SourceRecogniser = {
  kind: 'lmdb',
  description: 'an LMDB database of image files (a folder with data.mdb, or the file itself)',
  options: ['keyPrefix', 'maxEntries', 'maxSampleBytes'],
  recognises: ({ form, name, head, files }) =>
    form === 'folder'
      ? files.includes('data.mdb')
      : form === 'file' &&
        (/\.mdb$/i.test(name) || (head.length >= 20 && Buffer.from(head).readUInt32LE(16) === lmdbMagic)),
  async open({ location }, { labels, decoding, classes, allowEmpty, options }) {
    const dataset = await LmdbDataset.open(location, {
      ...decoding,
      classes,
      allowEmpty,
      ...(labels === undefined ? {} : { labels }),
      ...(options as LmdbOptions),
    });
    return {
      kind: 'lmdb',
      content: 'images',
      dataset,
      classes: dataset.classes,
      leftOut: dataset.leftOut,
      labels: () => Promise.resolve(dataset.labels),
      close: () => dataset.close(),
    };
  },
};

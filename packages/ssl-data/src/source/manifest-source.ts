import { type ManifestOptions, ManifestDataset } from '../dataset/manifest-dataset.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** Tables of images. */
export const manifestSource: SourceRecogniser = {
  kind: 'manifest',
  description: 'a table of image paths and labels (.csv .tsv .jsonl, plain, .gz or .zst)',
  options: [
    'root',
    'format',
    'delimiter',
    'imageColumn',
    'labelColumn',
    'labels',
    'encoding',
    'maxLineBytes',
    'maxRows',
    'maxBytes',
  ],
  recognises: ({ form, name }) =>
    form === 'file' && /\.(?:csv|tsv|tab|jsonl|ndjson)(?:\.(?:gz|zst|zstd))?$/i.test(name),
  async open({ location }, { labels, encoding = 'utf-8', decoding, classes, allowEmpty, options }) {
    const dataset = await ManifestDataset.open(location, {
      ...decoding,
      encoding,
      classes,
      allowEmpty,
      ...(labels === 'none' ? { labelColumn: false } : {}),
      ...(options as ManifestOptions),
    });
    return {
      kind: 'manifest',
      content: 'images',
      dataset,
      classes: dataset.classes,
      leftOut: [],
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

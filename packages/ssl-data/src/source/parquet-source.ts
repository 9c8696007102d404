import { type ParquetImageOptions, ParquetImageDataset } from '../parquet/parquet-image-dataset.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** Parquet files with images in them. */
export const parquetSource: SourceRecogniser = {
  kind: 'parquet',
  description:
    "Parquet files with the images' bytes, as Hugging Face's datasets have them (a .parquet file or their folder)",
  options: ['image', 'label', 'cacheBytes', 'maxRowGroupBytes', 'maxRows'],
  recognises: ({ form, name, files }) =>
    form === 'folder'
      ? files.some((file) => !file.includes('/') && /\.parquet$/i.test(file))
      : form === 'file' && /\.parquet$/i.test(name),
  async open({ location }, { labels, decoding, classes, allowEmpty, options }) {
    const dataset = await ParquetImageDataset.open(location, {
      ...decoding,
      classes,
      allowEmpty,
      ...(labels === 'none' ? { label: 'none' } : {}),
      ...(options as ParquetImageOptions),
    });
    return {
      kind: 'parquet',
      content: 'images',
      dataset,
      classes: dataset.classes,
      leftOut: dataset.leftOut,
      labels: () => (dataset.hasLabels ? dataset.loadLabels() : Promise.resolve(undefined)),
      close: () => dataset.close(),
    };
  },
};

import { type ImageListOptions, ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** Lists of images. Other texts have .txt too, so it takes `kind` to read those. */
export const imageListSource: SourceRecogniser = {
  kind: 'image-list',
  description: 'a list of image files, one path a line, perhaps with a label (.lst, plain, .gz or .zst)',
  options: ['root', 'labels', 'encoding', 'maxLineBytes', 'maxBytes'],
  recognises: ({ form, name }) => form === 'file' && /\.lst(?:\.(?:gz|zst|zstd))?$/i.test(name),
  async open({ location }, { encoding = 'utf-8', decoding, classes, allowEmpty, options }) {
    const dataset = await ImageFolderDataset.fromList(location, {
      ...decoding,
      encoding,
      classes,
      allowEmpty,
      ...(options as ImageListOptions),
    });
    return {
      kind: 'image-list',
      content: 'images',
      dataset,
      classes: dataset.classes,
      leftOut: [],
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

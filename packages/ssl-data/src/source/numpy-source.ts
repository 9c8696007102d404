import { type NpyImageDatasetOptions, NpyImageDataset } from '../dataset/npy-image-dataset.js';
import { openNpz } from '../io/open-npz.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** Arrays that NumPy saved. */
export const numpySource: SourceRecogniser = {
  kind: 'numpy',
  description: 'an .npy or .npz file with uint8 images [n, h, w] or [n, h, w, c]',
  options: ['channelAxis', 'imagesName', 'labelsName', 'maxBytes'],
  recognises: ({ form, name }) => form === 'file' && /\.np[yz]$/i.test(name),
  async open({ location }, { split = 'train', labelFile, options }) {
    const dataset = await NpyImageDataset.open({
      images: location,
      ...(labelFile === undefined ? {} : { labels: labelFile }),
      ...(split === 'test' ? await testArrays(location) : {}),
      ...(options as Partial<NpyImageDatasetOptions>),
    });
    return {
      kind: 'numpy',
      content: 'images',
      dataset,
      classes: [],
      leftOut: [],
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

/** Names of the test part; where there is none, NpyImageDataset says what it misses. */
async function testArrays(path: string): Promise<{ imagesName?: string; labelsName?: string }> {
  if (!/\.npz$/i.test(path)) return {};
  const { names } = await openNpz(path);
  return { imagesName: 'x_test', ...(names.includes('y_test') ? { labelsName: 'y_test' } : {}) };
}

import { type VolumeFolderOptions, VolumeFolderDataset } from '../dataset/volume-folder-dataset.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** Folders of volumes. */
export const volumeFolderSource: SourceRecogniser = {
  kind: 'volume-folder',
  description: 'a folder of volumes (.nii .nii.gz .npy), one sub-folder per class or none',
  options: ['maxBytes'],
  recognises: ({ form, files }) => form === 'folder' && files.some((file) => /\.(?:nii|nii\.gz|npy)$/i.test(file)),
  async open({ location }, { labels, classes, allowEmpty, options }) {
    const dataset = await VolumeFolderDataset.open(location, {
      labels,
      classes,
      allowEmpty,
      ...(options as VolumeFolderOptions),
    });
    return {
      kind: 'volume-folder',
      content: 'volumes',
      dataset,
      classes: dataset.classes,
      leftOut: dataset.leftOut,
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

import { DataError } from '@selfsup/ssl-core';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { imageExtensions } from '../dataset/list-image-files.js';
import type { SourceRecogniser } from './source-recogniser.js';

const pattern = new RegExp(`\\.(?:${imageExtensions.join('|')})$`, 'i');
const splitName = /^(?:train|training|val|valid|validation|test|testing)$/i;

/** Folders of image files. */
export const imageFolderSource: SourceRecogniser = {
  kind: 'image-folder',
  description: `a folder of images (${imageExtensions.map((name) => `.${name}`).join(' ')}), one sub-folder per class or none`,
  options: [],
  recognises: ({ form, files }) => form === 'folder' && files.some((file) => pattern.test(file)),
  async open({ location }, { kind, labels, recognise = 'endings', decoding, classes: list, allowEmpty }) {
    const how = { labels, classes: list, allowEmpty, recognise };
    const dataset = await ImageFolderDataset.open(location, { ...decoding, ...how });
    // Splits beside each other are no classes, and nothing later would tell.
    const { classes } = dataset;
    if (
      kind === undefined &&
      labels === undefined &&
      list === undefined &&
      classes.length > 0 &&
      classes.every((name) => splitName.test(name))
    )
      throw new DataError(
        `holds ${classes.join(', ')}, which look like parts of a data set and not like classes; give one of these folders, or say labels: 'none' for all images together, or 'folders' if they are classes`,
        { path: location },
      );
    return {
      kind: 'image-folder',
      content: 'images',
      dataset,
      classes,
      leftOut: dataset.leftOut,
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

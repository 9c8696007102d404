import type { WebDatasetOptions } from '../webdataset/web-dataset-options.js';
import { WebDataset } from '../webdataset/web-dataset.js';
import { cifarSource } from './cifar-source.js';
import type { SourcePlace } from './source-place.js';
import type { SourceRecogniser } from './source-recogniser.js';

/** Tar shards, here or on a server. */
export const webDatasetSource: SourceRecogniser = {
  kind: 'webdataset',
  description: "tar shards: a .tar file, their folder, or a pattern such as 'train-{000000..000146}.tar', also by URL",
  options: ['imageExtensions', 'splitAt', 'label', 'onBadShard', 'maxBadShare', 'maxEntries', 'maxSampleBytes'],
  recognises: (place) => isShards(place) && !cifarSource.recognises(place),
  async open({ location, form }, { labels, decoding, cache, http, classes, allowEmpty, options }) {
    // A file that is there may have braces in its name.
    const dataset = await WebDataset.open(form === 'file' ? [location] : location, {
      ...decoding,
      classes,
      allowEmpty,
      ...(labels === 'none' ? { label: 'none' } : {}),
      ...(cache === undefined ? {} : { cache }),
      ...(http === undefined ? {} : { http }),
      ...(options as WebDatasetOptions),
    });
    return {
      kind: 'webdataset',
      content: 'images',
      dataset,
      classes: dataset.classes,
      leftOut: dataset.leftOut,
      labels: () => (dataset.hasLabels ? dataset.loadLabels() : Promise.resolve(undefined)),
      close: () => dataset.close(),
    };
  },
};

/** Compressed ones cannot be read, which the message of whoever opens them says. */
const tarName = /\.(?:tar|tgz|tar\.(?:gz|zst|bz2|xz))$/i;

function isShards({ form, location, name, head, files }: SourcePlace): boolean {
  if (form === 'folder') return files.some((file) => !file.includes('/') && /\.tar$/i.test(file));
  if (form === 'file') return tarName.test(name) || Buffer.from(head).toString('latin1', 257, 262) === 'ustar';
  return /\.tar(?=$|[?#},]|::)/i.test(location);
}

import type { OpenIdxOptions } from '../io/open-idx.js';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { IdxImageDataset } from '../dataset/idx-image-dataset.js';
import type { SourcePlace } from './source-place.js';
import type { SourceRecogniser } from './source-recogniser.js';

const imageFile = /images[-.]idx[34]-ubyte(?:\.gz)?$/i;

/** MNIST and its relatives. */
export const idxSource: SourceRecogniser = {
  kind: 'idx',
  description: 'IDX files as of MNIST (train-images-idx3-ubyte and the like, plain or .gz), one file or their folder',
  options: ['maxBytes'],
  recognises: ({ form, name, head, files }) =>
    form === 'folder'
      ? files.some((file) => !file.includes('/') && imageFile.test(file))
      : form === 'file' && (/idx[34]-ubyte(?:\.gz)?$/i.test(name) || isIdx(head)),
  async open(place, { split = 'train', labelFile, options }) {
    const images = place.form === 'folder' ? imagesOf(place, split) : place.location;
    const labels = labelFile ?? (await labelsBeside(images));
    const dataset = await IdxImageDataset.open({
      images,
      ...(labels === undefined ? {} : { labels }),
      ...(options as OpenIdxOptions),
    });
    return {
      kind: 'idx',
      content: 'images',
      dataset,
      classes: [],
      leftOut: [],
      labels: () => Promise.resolve(dataset.labels),
      close: () => Promise.resolve(),
    };
  },
};

/** Two zeros, the type uint8, three or four axes. */
function isIdx(head: Uint8Array): boolean {
  return head[0] === 0 && head[1] === 0 && head[2] === 8 && (head[3] === 3 || head[3] === 4);
}

function imagesOf({ location, files }: SourcePlace, split: 'train' | 'test'): string {
  const names = files.filter((file) => !file.includes('/') && imageFile.test(file)).sort();
  const ofSplit = names.filter((name) => (split === 'train' ? /train/i : /t10k|test/i).test(name));
  if (ofSplit.length !== 1)
    throw new DataError(
      `has ${ofSplit.length === 0 ? 'no' : 'several'} IDX files with the images of '${split}'; give the path of one of ${names.join(', ') || 'them'}`,
      { path: location },
    );
  return join(location, ofSplit[0]!);
}

async function labelsBeside(images: string): Promise<string | undefined> {
  const name = basename(images)
    .replace(/images/i, 'labels')
    .replace(/idx[34]/i, 'idx1');
  const path = join(dirname(images), name);
  return path !== images && (await stat(path).catch(() => undefined))?.isFile() === true ? path : undefined;
}

import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NdArray } from '@selfsup/ssl-core';
import { openIdx } from '@selfsup/ssl-data';
import { digits } from './digits.js';
import { emoji } from './emoji.js';
import { writeIdx } from './idx-file.js';
import { letters } from './letters.js';

/** Pictures uint8 `[n, height, width, channels]`, and the class of each. */
export interface LabelledPictures {
  readonly images: NdArray<Uint8Array>;
  readonly labels: Uint8Array;
}

/** Pictures that a method is trained on and evaluated by, in the order in which the first n stand for all. */
export interface PictureSet {
  readonly classes: number;
  readonly train: LabelledPictures;
  readonly test: LabelledPictures;
  /** Where there is one: what the test pictures show, row by row, in another style; to be found by them. */
  readonly gallery?: NdArray<Uint8Array>;
}

/** What each set is, and how it is made. */
export const pictureSets = { letters, digits, emoji } satisfies Record<string, () => Promise<PictureSet>>;

/** Name of a set. */
export type PictureSetName = keyof typeof pictureSets;

/** Where the sets are kept once they are made: `<set>-<part>-<images or labels>.idx`. */
export const picturesFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '.pictures');

const file = (name: string, part: string, kind: string): string => join(picturesFolder, `${name}-${part}-${kind}.idx`);

/** Reads a set, or makes it, which takes minutes and the npm registry. */
export async function pictureSet(name: PictureSetName): Promise<PictureSet> {
  // Written last.
  const ready = await stat(file(name, 'train', 'labels')).catch(() => undefined);
  if (ready === undefined) await writeSet(name);
  const read = async (part: string): Promise<LabelledPictures> => ({
    images: (await openIdx(file(name, part, 'images'))) as NdArray<Uint8Array>,
    labels: (await openIdx(file(name, part, 'labels'))).data as Uint8Array,
  });
  const [train, test] = [await read('train'), await read('test')];
  const classes = 1 + train.labels.reduce((most, label) => Math.max(most, label));
  if (name !== 'emoji') return { classes, train, test };
  return { classes, train, test, gallery: (await openIdx(file(name, 'gallery', 'images'))) as NdArray<Uint8Array> };
}

async function writeSet(name: PictureSetName): Promise<void> {
  process.stderr.write(`makes the pictures of ${name}\n`);
  const { gallery, test, train } = await pictureSets[name]();
  await mkdir(picturesFolder, { recursive: true });
  if (gallery !== undefined) await writeIdx(file(name, 'gallery', 'images'), gallery);
  for (const [part, { images, labels }] of Object.entries({ test, train })) {
    await writeIdx(file(name, part, 'images'), images);
    await writeIdx(file(name, part, 'labels'), { data: labels, shape: [labels.length] });
  }
}

import { DataError, foldIn, InvalidOptionError, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-core';
import {
  DataLoader,
  type Dataset,
  evaluationViews,
  ImageArrayDataset,
  ImageFolderDataset,
  type ImageSample,
  subset,
} from '@selfsup/ssl-data';
import type { LabelledPictures, PretrainOptions } from './pretrain-options.js';

/** Most pictures that vote, and most that are classified. */
const most = { bank: 2000, test: 500 } as const;
/** Bytes that all of them may take. */
const mostBytes = 2 ** 27;
/** A folder counts as one of classes by itself where it has as many of them, with as many pictures each. */
const least = { classes: 2, each: 10 } as const;

/** Pictures to measure features with. */
export interface KnnPictures {
  readonly bank: { readonly inputs: NdArray<Uint8Array>; readonly labels: Int32Array };
  readonly test: { readonly inputs: NdArray<Uint8Array>; readonly labels: Int32Array };
}

/** How pictures are read. */
export interface PictureReading {
  readonly imageSize: number;
  readonly channels: number;
  readonly workers?: number;
}

/**
 * Some pictures of a data set, as an encoder is evaluated on them.
 *
 * @returns uint8 `[n, imageSize, imageSize, channels]`
 */
export async function readPictures(
  dataset: Dataset<ImageSample>,
  indexes: readonly number[],
  { imageSize, channels, workers }: PictureReading,
): Promise<NdArray<Uint8Array>> {
  const size = imageSize * imageSize * channels;
  const data = new Uint8Array(indexes.length * size);
  const loader = new DataLoader({
    dataset: subset(dataset, indexes),
    views: evaluationViews({ size: imageSize, resize: imageSize }),
    batchSize: Math.min(64, indexes.length),
    shuffle: false,
    dropLast: false,
    ...(workers === undefined ? {} : { workers }),
  });
  let done = 0;
  try {
    for await (const batch of loader.epoch(0)) {
      data.set(batch.views[0]!.data as Uint8Array, done * size);
      done += batch.views[0]!.shape[0]!;
    }
  } finally {
    await loader.close();
  }
  return { data, shape: [indexes.length, imageSize, imageSize, channels] };
}

/** Numbers spread evenly over a data set. */
export const spread = (count: number, atMost: number): readonly number[] => {
  const rows = Math.min(count, atMost);
  return Array.from({ length: rows }, (_, row) => Math.floor((row * count) / rows));
};

/**
 * Pictures with classes, parted into those that vote and those that are classified: of each class every fifth. The same
 * ones whatever the run.
 *
 * @returns nothing where `data` has no classes and no others were given
 * @throws InvalidOptionError, DataError for labelled pictures that were given and do not do
 */
export async function labelledPictures(
  { data, labelled }: Pick<PretrainOptions, 'data' | 'labelled'>,
  reading: PictureReading,
): Promise<KnnPictures | undefined> {
  const found = labelled === undefined ? await classesOf(data) : await given(labelled);
  if (found === undefined) return undefined;
  const { dataset, labels } = found;
  const size = reading.imageSize ** 2 * reading.channels;
  const share = Math.min(1, mostBytes / ((most.bank + most.test) * size));
  const { bank, test } = parted(labels, Math.ceil(share * most.bank), Math.ceil(share * most.test));
  const read = async (rows: readonly number[]): Promise<KnnPictures['bank']> => ({
    inputs: await readPictures(dataset, rows, reading),
    labels: Int32Array.from(rows, (row) => labels[row]!),
  });
  return { bank: await read(bank), test: await read(test) };
}

interface Labelled {
  readonly dataset: Dataset<ImageSample>;
  readonly labels: Int32Array;
}

/** The classes that a folder has by itself. */
async function classesOf(data: PretrainOptions['data']): Promise<Labelled | undefined> {
  if (typeof data !== 'string') return undefined;
  try {
    const dataset = await ImageFolderDataset.open(data);
    const { labels } = dataset;
    if (labels === undefined) return undefined;
    const counts = countsOf(labels);
    const isEnough = counts.length >= least.classes && counts.every((count) => count >= least.each);
    return isEnough ? { dataset, labels: Int32Array.from(labels) } : undefined;
  } catch (error) {
    // Folders that are no classes: pictures beside them, an empty one.
    if (DataError.isInstance(error)) return undefined;
    throw error;
  }
}

async function given(labelled: string | LabelledPictures): Promise<Labelled> {
  const dataset =
    typeof labelled === 'string'
      ? await ImageFolderDataset.open(labelled)
      : new ImageArrayDataset(labelled.images, labelled.labels);
  const labels = Int32Array.from(dataset.labels ?? []);
  const counts = countsOf(labels);
  if (counts.length < least.classes || counts.some((count) => count < 2))
    throw new InvalidOptionError(
      'pretrain',
      'labelled',
      'two or more classes with two or more pictures each',
      `${counts.length} classes${counts.length === 0 ? '' : ` with ${Math.min(...counts)} or more pictures each`}`,
      'Such as a folder with a folder per class',
    );
  return { dataset, labels };
}

const countsOf = (labels: ArrayLike<number>): readonly number[] => {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) if (label >= 0) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()];
};

/** Classes take turns, so that a small one is not left out; every fifth of a class, and at least one, is for the test. */
function parted(
  labels: Int32Array,
  bankMost: number,
  testMost: number,
): { readonly bank: readonly number[]; readonly test: readonly number[] } {
  const stream = new RandomStream(foldIn(randomKey(0), 'labelled pictures'));
  const classes = new Map<number, number[]>();
  labels.forEach((label, row) => {
    if (label < 0) return;
    const rows = classes.get(label);
    if (rows === undefined) classes.set(label, [row]);
    else rows.push(row);
  });
  const byClass = [...classes].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  const [bank, test]: [number[][], number[][]] = [[], []];
  for (const rows of byClass) {
    const mixed = Array.from(stream.permutation(rows.length), (at) => rows[at]!);
    const tested = Math.max(1, Math.floor(rows.length / 5));
    test.push(mixed.slice(0, tested));
    bank.push(mixed.slice(tested));
  }
  return { bank: inTurns(bank, bankMost), test: inTurns(test, testMost) };
}

/** The first of each list, then the second, up to so many. */
function inTurns(lists: readonly (readonly number[])[], atMost: number): readonly number[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  const taken: number[] = [];
  for (let turn = 0; turn < longest && taken.length < atMost; turn++)
    for (const list of lists) if (turn < list.length && taken.length < atMost) taken.push(list[turn]!);
  return taken;
}

import { DataError, ndArray } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import type { Dataset, ImageSample } from '../dataset/dataset.js';
import { ImageArrayDataset } from '../dataset/image-array-dataset.js';
import type { View } from '../views/view.js';
import { DataLoader } from './data-loader.js';

const images = new ImageArrayDataset(ndArray(new Uint8Array(8 * 4 * 4 * 3), [8, 4, 4, 3]));

async function failure(dataset: Dataset<ImageSample>, views?: readonly View[]): Promise<string> {
  const options = { dataset, batchSize: 4, shuffle: false, workers: 0, onError: 'skip', maxSkippedShare: 1 } as const;
  const loader = new DataLoader(views === undefined ? options : { ...options, views });
  try {
    for await (const _ of loader.epoch(0)) void _;
  } catch (error) {
    if (DataError.isInstance(error)) return error.message;
    throw error;
  } finally {
    await loader.close();
  }
  return 'nothing';
}

const bytes = (length: number): Uint8Array => new Uint8Array(length);
const wrong: readonly (readonly [string, unknown, RegExp])[] = [
  ['a shape of more than its data', { data: bytes(12), shape: [4, 4, 3] }, /takes 48 values, with data of 12/],
  ['a shape of less than its data', { data: bytes(48), shape: [2, 2, 3] }, /takes 12 values, with data of 48/],
  ['two axes', { data: bytes(16), shape: [4, 4] }, /shape \[4, 4\] for a Uint8Array; an image of bytes is \[height/],
  ['a fraction', { data: bytes(48), shape: [4, 4.5, 3] }, /shape \[4, 4\.5, 3\]/],
  ['no pixels', { data: bytes(0), shape: [0, 4, 3] }, /sides of at least 1/],
  ['floats', { data: new Float32Array(48), shape: [4, 4, 3] }, /for a Float32Array; a volume of floats is \[depth/],
  ['doubles', { data: new Float64Array(48), shape: [4, 4, 3] }, /gave data of Float64Array, no image/],
  ['an array', { data: Array.from({ length: 48 }, () => 0), shape: [4, 4, 3] }, /gave data of Array, no image/],
  ['no shape', { data: bytes(48) }, /no image \{ data: Uint8Array, shape \}/],
  ['nothing', undefined, /gave (?:undefined|neither)/],
];

describe('what is no image', () => {
  it.each(wrong)('is refused from a view, which is named: %s', async (_, value, message) => {
    const views: View[] = [(image) => image, () => value as never];
    const text = await failure(images, views);
    expect(text).toMatch(/^sample 0: .*view 1 gave /);
    expect(text).toMatch(message);
  });

  it.each(wrong)('is refused from a data set: %s', async (_, value, message) => {
    const good = images.get(0) as ImageSample;
    const dataset = { length: 8, get: (index: number) => (index === 2 ? ({ image: value } as never) : good) };
    const text = await failure(dataset);
    expect(text).toMatch(/^sample 2: the data set gave /);
    expect(text).toMatch(message);
  });

  it('is not a Buffer of bytes, which sharp gives', async () => {
    const view: View = ({ data, shape }) => ({ data: Buffer.from(data) as never, shape });
    expect(await failure(images, [view])).toBe('nothing');
  });

  it('is refused where it is a promise, a sample is nothing, or types differ', async () => {
    expect(await failure(images, [() => Promise.resolve() as never])).toMatch(/sample 0: view 0 gave a promise/);
    expect(await failure({ length: 8, get: () => undefined as never })).toMatch(/sample 0: .*neither an image nor/);
    const volume = { image: { data: new Float32Array(48), shape: [1, 4, 4, 3] } } as never;
    const mixed = { length: 8, get: (index: number) => (index === 1 ? volume : (images.get(0) as ImageSample)) };
    expect(await failure(mixed)).toMatch(
      /sample 1: the data set gave a Float32Array, others of its batch are Uint8Arrays/,
    );
  });
});

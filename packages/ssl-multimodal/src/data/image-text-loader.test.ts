import { expect, it } from 'vitest';
import { DataError, InvalidOptionError, randomKey } from '@selfsup/ssl-core';
import { DataLoader, ImageArrayDataset, type View } from '@selfsup/ssl-data';
import { TokenDataset } from '@selfsup/ssl-text-mlm';
import { ImageTextLoader, type ImageTextLoaderOptions } from './image-text-loader.js';

const pictures = (views = 1) =>
  new DataLoader({
    dataset: new ImageArrayDataset({ data: Uint8Array.from({ length: 12 }, (_, i) => i), shape: [12, 1, 1, 1] }),
    views: Array.from({ length: views }, (): View => (image) => image),
    batchSize: 4,
    workers: 0,
    seed: 1,
  });
/** Text `i` says `100 + i` in `1 + i % 3` tokens. */
const texts = (count: number): TokenDataset =>
  TokenDataset.fromSequences(
    Array.from({ length: count }, (_, i) => Array.from({ length: 1 + (i % 3) }, () => 100 + i)),
  );
const make = (options: Partial<ImageTextLoaderOptions> = {}): ImageTextLoader =>
  new ImageTextLoader({ images: pictures(), texts: texts(12), padId: 7, ...options });
const all = async (loader: ImageTextLoader, epoch: number, from?: number) => {
  const batches = [];
  for await (const batch of loader.epoch(epoch, from)) batches.push(batch);
  return batches;
};

it('gives every picture its text, padded to the longest', async () => {
  const batches = await all(make(), 0);
  expect(batches).toHaveLength(3);
  const seen: number[] = [];
  for (const { images, inputIds, attentionMask, index } of batches) {
    expect([inputIds.shape, attentionMask.shape]).toEqual([
      [4, 3],
      [4, 3],
    ]);
    index.data.forEach((picture, row) => {
      seen.push(picture);
      expect(images.data[row]).toBe(picture);
      const tokens = 1 + (picture % 3);
      expect([...inputIds.data.subarray(3 * row, 3 * row + 3)]).toEqual(
        [0, 1, 2].map((at) => (at < tokens ? 100 + picture : 7)),
      );
      expect([...attentionMask.data.subarray(3 * row, 3 * row + 3)]).toEqual([0, 1, 2].map((at) => +(at < tokens)));
    });
  }
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
});

it('draws one of several texts by key and epoch, also from the middle of an epoch on', async () => {
  const loader = make({ texts: texts(36), textsPerImage: 3, key: randomKey(2) });
  const chosen = async (epoch: number, from?: number): Promise<readonly (readonly [number, number])[]> =>
    (await all(loader, epoch, from)).flatMap(({ inputIds, index }) =>
      Array.from(index.data, (picture, row) => [picture, inputIds.data[3 * row]! - 100] as const),
    );
  const first = await chosen(0);
  for (const [picture, text] of first) expect(Math.floor(text / 3)).toBe(picture);
  expect(new Set(first.map(([, text]) => text % 3)).size).toBe(3);
  expect(await chosen(0)).toEqual(first);
  expect(await chosen(0, 1)).toEqual(first.slice(4));
  const choices = (pairs: typeof first) => new Map(pairs);
  expect(choices(await chosen(1))).not.toEqual(choices(first));
});

it('refuses texts that do not fit, several views and options out of range', async () => {
  expect(() => make({ texts: texts(12), textsPerImage: 5, key: randomKey(1) })).toThrow(DataError);
  expect(() => make({ texts: texts(12), textsPerImage: 2 })).toThrow(InvalidOptionError);
  expect(() => make({ padId: -1 })).toThrow(InvalidOptionError);
  expect(() => make({ images: {} as never })).toThrow(InvalidOptionError);
  expect(() => make({ texts: TokenDataset.fromSequences([[1], []]) })).toThrow('text 1 has no token');
  await expect(all(make({ texts: texts(6) }), 0)).rejects.toThrow(/picture \d+ has no text: there are 6/);
  await expect(all(make({ images: pictures(2) }), 0)).rejects.toThrow(InvalidOptionError);
});

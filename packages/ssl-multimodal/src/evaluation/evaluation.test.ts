import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { DataError, InvalidOptionError, type NdArray, randomKey, RandomStream, ShapeError } from '@selfsup/ssl-core';
import { classifyByNames } from './classify-by-names.js';
import { retrievalRecall } from './retrieval-recall.js';

const rows = (count: number, dim: number, seed: number): NdArray<Float32Array> => {
  const random = new RandomStream(randomKey(seed));
  return { data: Float32Array.from({ length: count * dim }, () => random.normal()), shape: [count, dim] };
};
const row = ({ data, shape }: NdArray<Float32Array>, at: number): readonly number[] => [
  ...data.subarray(at * shape[1]!, (at + 1) * shape[1]!),
];
const cosine = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);

it.each([1, 3])('recall is that of a sort of all similarities, with %i texts for each picture', async (each) => {
  const images = rows(20, 6, 1);
  const noise = rows(20 * each, 6, 2);
  const texts = {
    data: noise.data.map((value, at) => value + 0.9 * images.data[Math.floor(at / 6 / each) * 6 + (at % 6)]!),
    shape: [20 * each, 6],
  };
  const hits = (
    from: NdArray<Float32Array>,
    to: NdArray<Float32Array>,
    isOwn: (a: number, b: number) => boolean,
    k: number,
  ) =>
    Array.from({ length: from.shape[0]! }, (_, a) =>
      Array.from({ length: to.shape[0]! }, (_item, b) => b)
        .sort((b, c) => cosine(row(from, a), row(to, c)) - cosine(row(from, a), row(to, b)))
        .slice(0, k)
        .some((b) => isOwn(a, b)),
    ).filter(Boolean).length / from.shape[0]!;
  const ks = [1, 5, 500];
  const { imageToText, textToImage } = await retrievalRecall(images, texts, ks);
  expect(imageToText).toEqual(ks.map((k) => hits(images, texts, (a, b) => Math.floor(b / each) === a, k)));
  expect(textToImage).toEqual(ks.map((k) => hits(texts, images, (a, b) => Math.floor(a / each) === b, k)));
  expect(imageToText[0]).toBeLessThan(1);
  expect(imageToText[2]).toBe(1);
});

it('classes are ordered by the mean of the unit vectors of their texts', async () => {
  const images = rows(7, 5, 3);
  const texts = rows(8, 5, 4);
  const { classes, similarities } = await classifyByNames(images, texts, 4);
  const means = Array.from({ length: 4 }, (_, at) =>
    [0, 1].map((text) => row(texts, 2 * at + text)).map((text) => text.map((x) => x / Math.hypot(...text))),
  ).map(([a, b]) => a!.map((x, i) => x + b![i]!));
  for (let image = 0; image < 7; image++) {
    const expected = means.map((mean) => cosine(row(images, image), mean));
    const order = [0, 1, 2, 3].sort((a, b) => expected[b]! - expected[a]!);
    expect([...classes.data.subarray(4 * image, 4 * image + 4)]).toEqual(order);
    order.forEach((at, place) => expect(similarities.data[4 * image + place]).toBeCloseTo(expected[at]!, 5));
  }
});

it('refuses what does not fit', async () => {
  const images = rows(4, 3, 1);
  await expect(retrievalRecall(images, rows(6, 3, 2))).rejects.toThrow(ShapeError);
  await expect(retrievalRecall(images, rows(4, 3, 2), [])).rejects.toThrow(InvalidOptionError);
  await expect(retrievalRecall(images, rows(4, 3, 2), [5, 1])).rejects.toThrow(InvalidOptionError);
  await expect(classifyByNames(images, rows(6, 3, 2), 4)).rejects.toThrow(ShapeError);
  await expect(classifyByNames(images, { data: new Float32Array(6), shape: [2, 3] }, 2)).rejects.toThrow(DataError);
});

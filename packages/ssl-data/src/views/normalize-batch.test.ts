import { InvalidOptionError, ndArray, ShapeError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { normalizeBatch, pixelStatistics } from './normalize-batch.js';

it('normalises each channel by its own mean and deviation', () => {
  const images = ndArray(Uint8Array.of(0, 128, 255, 51, 102, 204), [1, 1, 2, 3]);
  const { data, shape } = normalizeBatch(images, pixelStatistics.imagenet);
  expect(shape).toEqual([1, 1, 2, 3]);
  const expected = [
    (0 - 0.485) / 0.229,
    (128 / 255 - 0.456) / 0.224,
    (1 - 0.406) / 0.225,
    (0.2 - 0.485) / 0.229,
    (0.4 - 0.456) / 0.224,
    (0.8 - 0.406) / 0.225,
  ];
  expected.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 6));
});

it('takes one mean and deviation for all channels', () => {
  const { data } = normalizeBatch(ndArray(Uint8Array.of(0, 255), [2, 1, 1, 1]), pixelStatistics.mnist);
  expect([...data].map((value) => Number(value.toFixed(4)))).toEqual([-0.4242, 2.8215]);
});

it('refuses statistics of other channels, and a deviation of 0', () => {
  const grey = ndArray(Uint8Array.of(1), [1, 1, 1, 1]);
  expect(() => normalizeBatch(grey, pixelStatistics.cifar10)).toThrow(ShapeError);
  expect(() => normalizeBatch(grey, { mean: 0, std: 0 })).toThrow(InvalidOptionError);
});

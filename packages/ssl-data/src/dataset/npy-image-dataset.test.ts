import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/arrays.json' with { type: 'json' };
import { CifarDataset } from './cifar-dataset.js';
import { datasetFromSource } from './dataset-from-source.js';
import { NpyImageDataset } from './npy-image-dataset.js';

const arrays = fileURLToPath(new URL('../../../../test/golden/data/arrays/', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npy-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function npy(name: string, shape: readonly number[], descr: string, data: Uint8Array): Promise<string> {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((side) => `${side},`).join(' ')})}`;
  const head = Buffer.concat([Buffer.from('934e554d50590100', 'hex'), Buffer.of(text.length, 0), Buffer.from(text)]);
  await writeFile(join(folder, name), Buffer.concat([head, data]));
  return join(folder, name);
}

const counted = (length: number) => Uint8Array.from({ length }, (_, i) => i);

describe('NpyImageDataset', () => {
  it.each(['stored.npz', 'deflated.npz'])('opens images and classes of %s', async (name) => {
    const dataset = await NpyImageDataset.open({ images: join(arrays, name) });
    expect(dataset.images.shape).toEqual([3, 4, 5, 3]);
    expect([...dataset.labels!]).toEqual([2, 0, 1]);
    const { image, label } = dataset.get(1);
    expect(label).toBe(0);
    expect([...image.data]).toEqual(golden.npz.images.values.slice(60, 120));
    const again = await datasetFromSource(structuredClone(dataset.source));
    expect(await again.get(2)).toEqual(dataset.get(2));
  });

  it('opens two .npy files', async () => {
    const images = await npy('x.npy', [3, 2, 2], '|u1', counted(12));
    const labels = await npy('y.npy', [3, 1], '<i8', new Uint8Array(BigInt64Array.of(4n, 0n, 9n).buffer));
    const dataset = await NpyImageDataset.open({ images, labels });
    expect(dataset.get(2)).toEqual({ image: { data: Uint8Array.of(8, 9, 10, 11), shape: [2, 2, 1] }, label: 9 });
    expect((await NpyImageDataset.open({ images })).labels).toBeUndefined();
  });

  it('puts channels last', async () => {
    const images = await npy('x.npy', [1, 3, 2, 2], '|u1', counted(12));
    const dataset = await NpyImageDataset.open({ images, channelAxis: 'first' });
    expect(dataset.get(0).image).toEqual({
      data: Uint8Array.of(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11),
      shape: [2, 2, 3],
    });
    await expect(NpyImageDataset.open({ images })).rejects.toThrow(
      /has 2 channels \(shape \[1, 3, 2, 2\], channels last\).*say channelAxis: 'first'/,
    );
  });

  it('refuses arrays that are no images or do not belong together', async () => {
    const images = await npy('x.npy', [3, 2, 2], '|u1', counted(12));
    const open = (options: object) => NpyImageDataset.open({ images, ...options });
    const file = (name: string) => join(arrays, name);
    await expect(open({ images: file('i2-little.npy') })).rejects.toThrow(/holds \[3, 4\] of Int32Array; images are/);
    await expect(open({ images: await npy('0', [0, 2, 2], '|u1', counted(0)) })).rejects.toThrow(/holds no pixels/);
    await expect(open({ maxBytes: 59 })).rejects.toThrow(/3 images, whose table needs 60 bytes/);
    await expect(open({ labels: file('f4-little.npy') })).rejects.toThrow(/of Float32Array; classes are/);
    await expect(open({ labels: file('version-2.npy') })).rejects.toThrow(/has 7 classes, .* has 3 images/);
    const negative = await npy('n.npy', [3], '|i1', Uint8Array.of(1, 255, 0));
    await expect(open({ labels: negative })).rejects.toThrow(/class of image 1 is -1/);
    await expect(open({ images: file('stored.npz'), labels: negative })).rejects.toThrow(InvalidOptionError);
    await expect(open({ images: file('stored.npz'), imagesName: 'planes' })).rejects.toThrow(DataError);
    await expect(open({ images: file('stored.npz'), labelsName: 'planes' })).rejects.toThrow(
      /stored\.npz:planes: holds \[2, 3\] of Float32Array/,
    );
  });
});

describe('CifarDataset of an .npz file', () => {
  it('refuses images of another size', async () => {
    await expect(CifarDataset.open(join(arrays, 'stored.npz'), { variant: 10, split: 'train' })).rejects.toThrow(
      /holds images of \[4, 5, 3\], CIFAR's are \[32, 32, 3\]/,
    );
  });

  it.each(['planes', 'pixels', 'rows'])('opens images as %s', async (layout) => {
    const dataset = await CifarDataset.open(join(arrays, `cifar-${layout}.npz`), { variant: 10, split: 'test' });
    expect(dataset.images.shape).toEqual([2, 32, 32, 3]);
    expect([...dataset.labels!]).toEqual([9, 0]);
    const { pixels } = golden.cifar;
    for (const {
      at: [index, row, column, channel],
      value,
    } of pixels as { at: [number, number, number, number]; value: number }[])
      expect(dataset.get(index).image.data[(row * 32 + column) * 3 + channel]).toBe(value);
    await expect(
      CifarDataset.open(join(arrays, `cifar-${layout}.npz`), { variant: 10, split: 'train' }),
    ).rejects.toThrow(/has none of x_train, images; it has x_test, y_test/);
  });
});

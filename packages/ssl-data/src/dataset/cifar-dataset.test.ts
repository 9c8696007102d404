import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarEnd, tarHeaderBlocks, paddingOf } from '../webdataset/tar-blocks.js';
import { CifarDataset } from './cifar-dataset.js';
import { downloadCifar } from './download-cifar.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cifar-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Pixel (row, column, channel) of image `index`. */
const level = (index: number, row: number, column: number, channel: number) =>
  (index * 31 + row * 7 + column * 3 + channel * 101) & 255;

/** Records of a batch: planes after label bytes. */
function records(labels: readonly (readonly number[])[], first = 0): Buffer {
  return Buffer.concat(
    labels.map((bytes, i) => {
      const planes = Buffer.alloc(3072);
      for (let channel = 0; channel < 3; channel++)
        for (let row = 0; row < 32; row++)
          for (let column = 0; column < 32; column++)
            planes[channel * 1024 + row * 32 + column] = level(first + i, row, column, channel);
      return Buffer.concat([Buffer.from(bytes), planes]);
    }),
  );
}

const names10 = Array.from({ length: 10 }, (_, i) => `class ${i}`);
/** Two images in each training batch, one in the test batch. */
const files10: Record<string, Buffer> = {
  ...Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data_batch_${n}.bin`, records([[n], [9 - n]], 2 * (n - 1))])),
  'test_batch.bin': records([[7]], 50),
  'batches.meta.txt': Buffer.from(`${names10.join('\n')}\n\n`),
};
const files100: Record<string, Buffer> = {
  'train.bin': records([
    [19, 99],
    [0, 3],
  ]),
  'test.bin': records([[4, 50]], 9),
  'fine_label_names.txt': Buffer.from(Array.from({ length: 100 }, (_, i) => `fine ${i}`).join('\n')),
  'coarse_label_names.txt': Buffer.from(Array.from({ length: 20 }, (_, i) => `coarse ${i}`).join('\n')),
};

async function write(files: Record<string, Uint8Array>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

function tar(inner: string, files: Record<string, Buffer>): Buffer {
  const members = Object.entries(files).flatMap(([name, bytes]) => [
    tarHeaderBlocks(`${inner}/${name}`, bytes.length),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ]);
  return Buffer.concat([...members, tarEnd]);
}

const train10 = { variant: 10, split: 'train' } as const;

function expectTrain10(dataset: CifarDataset): void {
  expect(dataset.images.shape).toEqual([10, 32, 32, 3]);
  expect([...dataset.labels!]).toEqual([1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);
  const { image, label } = dataset.get(7);
  expect(label).toBe(5);
  expect(image.shape).toEqual([32, 32, 3]);
  for (const [row, column, channel] of [
    [0, 0, 0],
    [31, 31, 2],
    [5, 17, 1],
  ] as const)
    expect(image.data[(row * 32 + column) * 3 + channel]).toBe(level(7, row, column, channel));
  expect(dataset.images.data.buffer).toBeInstanceOf(SharedArrayBuffer);
}

describe('CifarDataset', () => {
  it('reads CIFAR-10 from its folder, the folder above it and the archive', async () => {
    await write(
      Object.fromEntries(Object.entries(files10).map(([name, bytes]) => [`cifar-10-batches-bin/${name}`, bytes])),
    );
    await writeFile(join(folder, 'cifar-10-binary.tar.gz'), gzipSync(tar('cifar-10-batches-bin', files10)));
    await writeFile(join(folder, 'plain.tar'), tar('./cifar-10-batches-bin', files10));
    for (const place of ['.', 'cifar-10-batches-bin', 'cifar-10-binary.tar.gz', 'plain.tar']) {
      const dataset = await CifarDataset.open(join(folder, place), train10);
      expectTrain10(dataset);
      expect(dataset.classes).toEqual(names10);
    }
    const test = await CifarDataset.open(folder, { variant: 10, split: 'test' });
    expect([...test.labels!]).toEqual([7]);
    expect(test.get(0).image.data[3 * 33 + 2]).toBe(level(50, 1, 1, 2));
  });

  it('reads both kinds of labels of CIFAR-100', async () => {
    await write(files100);
    const fine = await CifarDataset.open(folder, { variant: 100, split: 'train' });
    expect([...fine.labels!]).toEqual([99, 3]);
    expect(fine.classes[99]).toBe('fine 99');
    expect(fine.get(1).image.data[2]).toBe(level(1, 0, 0, 2));
    const coarse = await CifarDataset.open(folder, { variant: 100, split: 'train', labels: 'coarse' });
    expect([...coarse.labels!]).toEqual([19, 0]);
    expect(coarse.classes).toHaveLength(20);
  });

  it.each<[string, Record<string, Uint8Array>, RegExp, number | undefined]>([
    [
      'test.bin alone',
      { 'test_batch.bin': files10['test_batch.bin']! },
      /has no data_batch_1\.bin; the train split is/,
      undefined,
    ],
    [
      'a cut batch',
      { ...files10, 'data_batch_2.bin': files10['data_batch_2.bin']!.subarray(0, 6000) },
      /has 6000 bytes, which are no whole number of records of 3073/,
      3073,
    ],
    ['an empty batch', { ...files10, 'data_batch_2.bin': Buffer.alloc(0) }, /has 0 bytes/, 0],
    [
      'a label too many',
      { ...files10, 'data_batch_3.bin': records([[0], [10]]) },
      /record 1 has label 10, there are 10 classes; check the variant/,
      3073,
    ],
    [
      'names missing',
      { ...files10, 'batches.meta.txt': Buffer.from('cat\ndog\n') },
      /names 2 classes, there are 10/,
      undefined,
    ],
  ])('refuses %s', async (_, files, message, offset) => {
    await write(files);
    const error = await CifarDataset.open(folder, train10).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
    expect(error.offset).toBe(offset);
  });

  it('works without names of classes', async () => {
    const { 'batches.meta.txt': _, ...files } = files10;
    await write(files);
    expect((await CifarDataset.open(folder, train10)).classes).toEqual([]);
  });

  it('refuses a bomb, a place that is not there and options that are none', async () => {
    await writeFile(join(folder, 'bomb.tar.gz'), gzipSync(Buffer.alloc(10_000_000)));
    await expect(CifarDataset.open(join(folder, 'bomb.tar.gz'), { ...train10, maxBytes: 1e6 })).rejects.toThrow(
      /is larger than 1000000 bytes/,
    );
    await expect(CifarDataset.open(join(folder, 'absent'), train10)).rejects.toThrow(/fetch it with downloadCifar/);
    await expect(CifarDataset.open(folder, { variant: 50 as 10, split: 'train' })).rejects.toThrow(InvalidOptionError);
    await expect(CifarDataset.open(folder, { variant: 10, split: 'val' as 'test' })).rejects.toThrow(
      InvalidOptionError,
    );
    await expect(CifarDataset.open(folder, { ...train10, labels: 'coarse' })).rejects.toThrow(/only CIFAR-100/);
  });
});

describe('downloadCifar', () => {
  it('fetches an archive that CifarDataset opens', async () => {
    const archive = gzipSync(tar('cifar-10-batches-bin', files10));
    const server = createServer((_, response) => response.end(archive));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const md5 = createHash('md5').update(archive).digest('hex');
      const path = await downloadCifar(join(folder, 'data'), { variant: 10, url, md5 });
      expect(path).toBe(join(folder, 'data', 'cifar-10-binary.tar.gz'));
      expectTrain10(await CifarDataset.open(path, train10));
      await expect(downloadCifar(folder, { variant: 100, url })).rejects.toThrow(
        /md5 of what was fetched is .*, expected 03b5dce01913d631647c71ecec9e9cb8/,
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

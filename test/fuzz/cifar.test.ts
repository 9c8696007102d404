import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { CifarDataset } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { cifarRecord as record } from '../support/file-seeds.js';
import { arraySeed } from './array-seeds.js';
import { describeFuzz } from './describe-fuzz.js';

const maxBytes = 2 ** 20;

/** A tar archive of one file. */
function tar(name: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512), Buffer.alloc(1024)]);
}

async function expectImages(path: string, variant: 10 | 100, split: 'train' | 'test'): Promise<void> {
  const dataset = await CifarDataset.open(path, { variant, split, maxBytes });
  const { shape } = dataset.images;
  expect(shape.slice(1)).toEqual([32, 32, 3]);
  expect(dataset.images.data).toHaveLength(dataset.length * 3072);
  expect(dataset.labels).toHaveLength(dataset.length);
  expect(dataset.labels!.every((label) => label >= 0 && label < variant)).toBe(true);
}

describeFuzz(
  'CIFAR-100 batch',
  [{ name: 'train.bin', bytes: Buffer.concat([record, record, record]) }],
  (path) => expectImages(dirname(path), 100, 'train'),
  { maxAllocation: 8 * maxBytes, headerBytes: 8 },
);

const archive = tar('cifar-100-binary/train.bin', Buffer.concat([record, record]));
describeFuzz(
  'CIFAR-100 archive',
  [
    { name: 'damaged-inside.tar.gz', bytes: archive, wrap: gzipSync },
    { name: 'damaged.tar.gz', bytes: gzipSync(archive) },
    { name: 'plain.tar', bytes: archive },
  ],
  (path) => expectImages(path, 100, 'train'),
  { maxAllocation: 8 * maxBytes },
);

describeFuzz(
  'CIFAR-10 npz',
  ['cifar-pixels.npz', 'cifar-planes.npz', 'cifar-rows.npz'].map(arraySeed),
  (path) => expectImages(path, 10, 'test'),
  { maxAllocation: 8 * maxBytes, headerBytes: 1200 },
);

import { gzipSync } from 'node:zlib';
import { NpyImageDataset, openNpy } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { arraySeed } from './array-seeds.js';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';

const names = [
  'b1-little',
  'u1-little',
  'i1-little',
  'u2-big',
  'u4-little',
  'i8-big',
  'f2-little',
  'f4-big',
  'f8-little',
];
const seeds: FuzzSeed[] = [
  ...[...names, 'scalar', 'empty', 'fortran-4', 'version-2', 'version-3'].map((name) => arraySeed(`${name}.npy`)),
  { ...arraySeed('fortran-2.npy'), name: 'fortran-2.npy.gz', wrap: gzipSync },
];
const maxBytes = 2 ** 20;

describeFuzz(
  'npy',
  seeds,
  async (path) => {
    const { data, shape } = await openNpy(path, { maxBytes });
    expect(shape.every((side) => Number.isSafeInteger(side) && side >= 0)).toBe(true);
    expect(data).toHaveLength(shape.reduce((product, side) => product * side, 1));
    expect(data.byteLength).toBeLessThanOrEqual(maxBytes);
  },
  { maxAllocation: 4 * maxBytes, headerBytes: 128 },
);

const head = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4, 5, 1), }\n";
describeFuzz(
  'npy images',
  [
    {
      name: 'images.npy',
      bytes: Buffer.concat([
        Buffer.from('934e554d50590100', 'hex'),
        Buffer.of(head.length, 0),
        Buffer.from(head),
        Buffer.alloc(60),
      ]),
    },
  ],
  async (path) => {
    const dataset = await NpyImageDataset.open({ images: path, maxBytes });
    const [count, height, width, channels] = dataset.images.shape as [number, number, number, number];
    expect(dataset).toHaveLength(count);
    expect([1, 3]).toContain(channels);
    expect(dataset.get(count - 1).image.data).toHaveLength(height * width * channels);
  },
  { maxAllocation: 8 * maxBytes, headerBytes: 80 },
);

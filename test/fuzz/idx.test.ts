import { gzipSync } from 'node:zlib';
import { IdxImageDataset, openIdx } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';

function idx(type: number, elementBytes: number, shape: readonly number[]): Uint8Array {
  const count = shape.reduce((product, side) => product * side, 1);
  const bytes = Buffer.alloc(4 + 4 * shape.length + elementBytes * count, 0x41);
  bytes.writeUInt32BE(type * 256 + shape.length);
  shape.forEach((side, axis) => bytes.writeUInt32BE(side, 4 + 4 * axis));
  return bytes;
}

const seeds: FuzzSeed[] = [
  { name: 'images', bytes: idx(0x08, 1, [5, 4, 3]) },
  { name: 'images.gz', bytes: idx(0x08, 1, [5, 4, 3]), wrap: gzipSync },
  { name: 'damaged.gz', bytes: gzipSync(idx(0x08, 1, [30, 4, 3])) },
  { name: 'int8', bytes: idx(0x09, 1, [7]) },
  { name: 'int16', bytes: idx(0x0b, 2, [7]) },
  { name: 'int32', bytes: idx(0x0c, 4, [2, 3]) },
  { name: 'float32', bytes: idx(0x0d, 4, [2, 3]) },
  { name: 'float64', bytes: idx(0x0e, 8, [2, 3]) },
];
const maxBytes = 2 ** 20;

describeFuzz(
  'IDX',
  seeds,
  async (path) => {
    const { data, shape } = await openIdx(path, { maxBytes });
    expect(data).toHaveLength(shape.reduce((product, side) => product * side, 1));
    expect(data.byteLength).toBeLessThanOrEqual(maxBytes);
  },
  { maxAllocation: 4 * maxBytes, headerBytes: 32 },
);

describeFuzz(
  'IDX images',
  seeds.slice(0, 3),
  async (path) => {
    const dataset = await IdxImageDataset.open({ images: path, maxBytes });
    const [count, height, width, channels] = dataset.images.shape as [number, number, number, number];
    expect(dataset).toHaveLength(count);
    if (count > 0) expect(dataset.get(count - 1).image.data).toHaveLength(height * width * channels);
  },
  { maxAllocation: 8 * maxBytes, headerBytes: 32 },
);

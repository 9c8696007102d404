import { gzipSync } from 'node:zlib';
import { IdxImageDataset, openIdx } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { idxFile } from '../support/file-seeds.js';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';

const seeds: FuzzSeed[] = [
  { name: 'images', bytes: idxFile([5, 4, 3], 0x08, 1) },
  { name: 'images.gz', bytes: idxFile([5, 4, 3], 0x08, 1), wrap: gzipSync },
  { name: 'damaged.gz', bytes: gzipSync(idxFile([30, 4, 3], 0x08, 1)) },
  { name: 'int8', bytes: idxFile([7], 0x09, 1) },
  { name: 'int16', bytes: idxFile([7], 0x0b, 2) },
  { name: 'int32', bytes: idxFile([2, 3], 0x0c, 4) },
  { name: 'float32', bytes: idxFile([2, 3], 0x0d, 4) },
  { name: 'float64', bytes: idxFile([2, 3], 0x0e, 8) },
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

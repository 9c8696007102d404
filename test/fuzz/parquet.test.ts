import { ParquetImageDataset } from '@selfsup/ssl-data';
import { DataError } from '@selfsup/ssl-tensor/host';
import { expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';
import { parquetSeeds } from './parquet-seeds.js';

const maxRowGroupBytes = 2 ** 20;

const names = ['hub-none', 'hub-snappy', 'hub-zstd', 'hub-gzip', 'hub-lz4', 'hub-brotli', 'pages-v2', 'small-pages'];
const seeds = parquetSeeds('parquet', [...names, 'repeated', 'required']);

async function readAll(path: string): Promise<void> {
  const dataset = await ParquetImageDataset.open(path, { maxRowGroupBytes, maxRows: 10_000 });
  let damaged: DataError | undefined;
  try {
    for (let index = 0; index < Math.min(dataset.length, 30); index++) {
      try {
        expect((await dataset.getRaw(index)).bytes.length).toBeLessThanOrEqual(maxRowGroupBytes);
      } catch (error) {
        // The other row groups are to be read, too.
        if (!DataError.isInstance(error)) throw error;
        damaged = error;
      }
    }
    expect(await dataset.loadLabels()).toHaveLength(dataset.length);
  } finally {
    await dataset.close();
  }
  if (damaged !== undefined) throw damaged;
}

describeFuzz('Parquet', seeds, readAll, { maxAllocation: 2 ** 26, headerBytes: 800 });

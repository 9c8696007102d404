import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ParquetImageDataset } from '@selfsup/ssl-data';
import { DataError } from '@selfsup/ssl-tensor/host';
import { expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';

const goldens = join(import.meta.dirname, '../golden/data/parquet');
const maxRowGroupBytes = 2 ** 20;

const names = ['hub-none', 'hub-snappy', 'hub-zstd', 'hub-gzip', 'hub-lz4', 'hub-brotli', 'pages-v2', 'small-pages'];
const seeds = [...names, 'repeated', 'required'].map((name) => ({
  name: `${name}.parquet`,
  bytes: readFileSync(join(goldens, `${name}.parquet`)),
}));

/** Damages the footer alone: its bytes come first, and go to the end. */
const footers = seeds.map(({ name, bytes }) => {
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  return {
    name: `footer-${name}`,
    bytes: bytes.subarray(start, -8),
    wrap: (footer: Uint8Array) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(footer.length);
      return Buffer.concat([bytes.subarray(0, start), footer, length, bytes.subarray(-4)]);
    },
  };
});

/** Damages the pages alone. */
const pages = seeds.map(({ name, bytes }) => {
  const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  return {
    name: `pages-${name}`,
    bytes: bytes.subarray(0, start),
    // The footer stays where it says it is.
    wrap: (data: Uint8Array) =>
      Buffer.concat([Buffer.concat([data, Buffer.alloc(start)], start), bytes.subarray(start)]),
  };
});

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

describeFuzz('Parquet', [...seeds, ...footers, ...pages], readAll, { maxAllocation: 2 ** 26, headerBytes: 800 });

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbDataset } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';

const goldens = join(import.meta.dirname, '../golden/data/lmdb');
const pageBytes = 4096;

const seeds = ['numbers.mdb', 'folders.mdb', 'prefixes.mdb'].map((name) => {
  const bytes = readFileSync(join(goldens, name));
  return { name, bytes };
});

/** Sets the meta pages right, so that the damage is in the tree and the records. */
const withMeta = seeds.map(({ name, bytes }) => ({
  name: `tree-${name}`,
  bytes: bytes.subarray(2 * pageBytes),
  wrap: (tree: Uint8Array) => Buffer.concat([bytes.subarray(0, 2 * pageBytes), tree]),
}));

async function readAll(path: string): Promise<void> {
  const dataset = await LmdbDataset.open(path, { maxSampleBytes: 2 ** 16, keyPrefix: '' });
  try {
    expect(dataset.labels?.length ?? dataset.length).toBe(dataset.length);
    const keys = new Set<string>();
    for (let sample = 0; sample < dataset.length; sample++) {
      const { key, bytes } = await dataset.getRaw(sample);
      expect(bytes.length).toBeLessThanOrEqual(2 ** 16);
      keys.add(key);
    }
    expect(keys.size).toBeGreaterThan(0);
  } finally {
    await dataset.close();
  }
}

// Both meta pages begin with 152 bytes that are in use.
describeFuzz('LMDB', seeds, readAll, { maxAllocation: 2 ** 22, headerBytes: pageBytes + 152 });
describeFuzz('LMDB records', withMeta, readAll, { maxAllocation: 2 ** 22, headerBytes: 5 * pageBytes });

import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { indexTar, WebDataset } from '@selfsup/ssl-data';
import { expect } from 'vitest';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';

const goldens = join(import.meta.dirname, '../golden/webdataset');

/** Sets the checksums of all headers right, so that the damage gets past them. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    const block = copy.subarray(at, at + 512);
    if (!block.toString('latin1', 257, 263).startsWith('ustar')) continue;
    block.fill(32, 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return copy;
}

const archives = ['package.tar', 'gnu.tar', 'pax.tar', 'written.tar'].map((name) => ({
  name,
  bytes: readFileSync(join(goldens, name)),
}));
const seeds: FuzzSeed[] = [
  ...archives,
  ...archives.map(({ name, bytes }) => ({ name: `checked-${name}`, bytes, wrap: withChecksums })),
];

describeFuzz(
  'tar',
  seeds,
  async (path) => {
    const index = await indexTar(path);
    expect(index.counts.reduce((sum, count) => sum + count, 0)).toBe(index.offsets.length);
    index.offsets.forEach((offset, member) => expect(offset + index.sizes[member]!).toBeLessThanOrEqual(index.size));
  },
  { maxAllocation: 2 ** 23, headerBytes: 12_000 },
);

describeFuzz(
  'WebDataset',
  seeds,
  async (path) => {
    const dataset = await WebDataset.open(path, {
      label: 'none',
      imageExtensions: ['jpg', 'png', 'bin'],
      maxSampleBytes: 2 ** 20,
    });
    try {
      for (let sample = 0; sample < dataset.length; sample++) {
        const { key, members } = await dataset.getRaw(sample);
        expect(key).toBe(dataset.key(sample));
        expect(members.size).toBeGreaterThan(0);
      }
    } finally {
      await dataset.close();
      await rm(`${path}.index.json`, { force: true });
    }
  },
  { maxAllocation: 2 ** 24, headerBytes: 12_000 },
);

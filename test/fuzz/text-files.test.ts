/** Files of texts from strangers: plain, compressed, and columns of Parquet. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { readTexts, type ReadTextsOptions } from '@selfsup/ssl-data/text';
import { expect } from 'vitest';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';
import { parquetSeeds } from './parquet-seeds.js';

const limit = 2 ** 20;

const read = async (path: string, options: ReadTextsOptions = {}): Promise<void> => {
  const { texts } = await readTexts(path, { maxBytes: limit, maxLineBytes: limit, ...options }, (text, { line }) => {
    // What was damaged is refused, or is text after all: never half a character.
    expect(Buffer.from(text).toString() === text && /[^\0- ]/.test(text) && line > 0).toBe(true);
  });
  expect(texts).toBeGreaterThan(0);
};

describeFuzz(
  'texts in Parquet',
  parquetSeeds('parquet-texts', ['snappy', 'zstd-v2', 'gzip', 'none', 'delta', 'delta-length']),
  (path) => read(path),
  { maxAllocation: 2 ** 26, headerBytes: 800 },
);

const lines = Buffer.from(Array.from({ length: 60 }, (_, at) => `line ${at} größer слово 日本 🙂`).join('\n'));
const records = Buffer.from(
  Array.from({ length: 40 }, (_, id) => JSON.stringify({ id, text: `größer ${id}`, tags: ['a', { b: null }] })).join(
    '\n',
  ),
);
const zstd = (name: string): FuzzSeed => ({
  name: `${name}.txt.zst`,
  bytes: readFileSync(new URL(`../golden/data/zstd/${name}.zst`, import.meta.url)),
});

describeFuzz(
  'texts, plain and by gzip',
  [
    { name: 'a.txt', bytes: lines },
    { name: 'a.jsonl', bytes: records },
    { name: 'a.txt.gz', bytes: gzipSync(lines) },
    { name: 'a.jsonl.gz', bytes: gzipSync(records) },
    { name: 'b.txt.gz', bytes: lines, wrap: (bytes) => gzipSync(bytes) },
    { name: 'b.jsonl.gz', bytes: records, wrap: (bytes) => gzipSync(bytes) },
  ],
  (path) => read(path, { unit: path.endsWith('b.txt.gz') ? 'paragraph' : 'line' }),
  { maxAllocation: 2 ** 26, headerBytes: 300 },
);

describeFuzz(
  'texts by Zstandard',
  ['frames', 'level-1', 'manifest', 'small', 'stream'].map(zstd),
  (path) => read(path),
  { maxAllocation: 2 ** 27, headerBytes: 100 },
);

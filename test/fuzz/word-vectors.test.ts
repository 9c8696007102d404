import { readFileSync } from 'node:fs';
import { WordVectors } from '@selfsup/ssl-text-mlm';
import { expect } from 'vitest';
import { describeFuzz } from './describe-fuzz.js';

const golden = (name: string): Buffer => readFileSync(new URL(`../golden/text/${name}`, import.meta.url));

describeFuzz(
  'word2vec',
  [
    { name: 'vectors.txt', bytes: golden('word2vec.txt') },
    { name: 'vectors.bin', bytes: golden('word2vec.bin') },
  ],
  async (path) => {
    const found = await WordVectors.load(path, { duplicates: 'first' });
    expect(found.vectors.data.every(Number.isFinite)).toBe(true);
    expect(found.vectors.shape).toEqual([found.words.length, found.dim]);
    expect(found.words.every((word) => word !== '' && Buffer.from(word).toString() === word)).toBe(true);
    expect(found.mostSimilar(found.words[0]!).every(({ similarity }) => Number.isFinite(similarity))).toBe(true);
  },
  { maxAllocation: 2 ** 24, headerBytes: 60 },
);

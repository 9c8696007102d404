import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { CheckpointError, InvalidOptionError, ndArray } from '@selfsup/ssl-tensor/host';
import { afterAll, expect, it } from 'vitest';
import { TextIndex, type TextVectors } from './text-index.js';

const folder = mkdtempSync(join(tmpdir(), 'text-index-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Counts of the letters a, b and c, of length 1. */
const letters: TextVectors = {
  embed: (texts) => {
    const rows = texts.map((text) => ['a', 'b', 'c'].map((letter) => text.split(letter).length - 1));
    const data = rows.flatMap((row) => row.map((value) => value / Math.hypot(...row)));
    return Promise.resolve(ndArray(Float32Array.from(data), [texts.length, 3]));
  },
};
const texts = ['aab', 'ccc', 'abc', 'bbb', 'aab'];

it('finds the most similar texts, the best first, of equal ones the first', async () => {
  const index = await TextIndex.of(letters, texts);
  const found = await index.search('aaab', 3);
  expect(found.map(({ index: at, text }) => [at, text])).toEqual([
    [0, 'aab'],
    [4, 'aab'],
    [2, 'abc'],
  ]);
  expect(found[0]!.similarity).toBeCloseTo(7 / Math.sqrt(50), 6);
  expect(await index.search('c', 99)).toHaveLength(5);
});

it('is kept as a file with its texts', async () => {
  const index = await TextIndex.of(letters, texts);
  const path = join(folder, 'index.safetensors');
  await index.save(path);
  const again = await TextIndex.load(letters, path);
  expect([again.texts, again.vectors]).toEqual([index.texts, index.vectors]);
  expect(await again.search('b', 2)).toEqual(await index.search('b', 2));
  truncateSync(path, 200);
  await expect(TextIndex.load(letters, path)).rejects.toThrow(path);
});

it('refuses what it cannot search, and says why', async () => {
  const index = await TextIndex.of(letters, texts);
  for (const use of [
    () => TextIndex.of(letters, []),
    () => TextIndex.of(letters, 'aab' as never),
    () => index.search(3 as never),
    () => index.search('a', 0),
  ]) {
    const error: unknown = await use().catch((reason: unknown) => reason);
    expect(InvalidOptionError.isInstance(error)).toBe(true);
  }
  const path = join(folder, 'foreign.safetensors');
  const vectors = ndArray(new Float32Array(6), [2, 3]);
  for (const [metadata, message] of [
    [{}, /is no index of texts, which TextIndex.save writes/],
    [{ 'selfsup.text-index.texts': '[1]' }, /is no index of texts/],
    [{ 'selfsup.text-index.texts': '{' }, /has damaged texts/],
    [{ 'selfsup.text-index.texts': '["a"]' }, /has 1 texts and 2 vectors/],
  ] as const) {
    await saveSafetensors(path, new Map([['vectors', vectors]]), metadata);
    const error: unknown = await TextIndex.load(letters, path).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(message);
    expect(CheckpointError.isInstance(error)).toBe(true);
  }
  const wider: TextVectors = { embed: () => Promise.resolve(ndArray(new Float32Array(4), [1, 4])) };
  await index.save(path);
  await expect((await TextIndex.load(wider, path)).search('a')).rejects.toThrow(
    /features of 3 numbers, the encoder makes 4/,
  );
});

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from '@selfsup/ssl-core';
import { afterAll, describe, expect, it } from 'vitest';
import { TextLineDataset } from './text-line-dataset.js';

const folder = await mkdtemp(join(tmpdir(), 'lines-'));
afterAll(() => rm(folder, { recursive: true }));
async function stored(bytes: string | Uint8Array): Promise<string> {
  const path = join(folder, 'text');
  await writeFile(path, bytes);
  return path;
}
const all = (dataset: TextLineDataset): string[] =>
  Array.from({ length: dataset.length }, (_, index) => dataset.get(index));

describe('TextLineDataset', () => {
  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzip', (text: string) => gzipSync(text)],
  ])('reads lines, %s', async (_, pack) => {
    const path = await stored(pack('\uFEFFfirst\r\n\n  \nzweite Zeile: äöü 漢字 🦊\nlast'));
    expect(all(await TextLineDataset.open(path))).toEqual(['first', 'zweite Zeile: äöü 漢字 🦊', 'last']);
    expect(all(await TextLineDataset.open(path, { keepEmpty: true }))).toEqual([
      'first',
      '',
      '  ',
      'zweite Zeile: äöü 漢字 🦊',
      'last',
    ]);
  });

  it.each<[string, string | Uint8Array, object, RegExp]>([
    ['a long line', `ok\n${'x'.repeat(50)}\n`, { maxLineBytes: 49 }, /line 2 has 50 bytes, the limit is 49/],
    ['a large text', 'x'.repeat(50), { maxBytes: 49 }, /is larger than 49 bytes/],
    ['a large text in gzip', gzipSync('x'.repeat(5000)), { maxBytes: 49 }, /is larger than 49 bytes/],
    ['Latin-1', Buffer.from('a\nb\xe4\n', 'latin1'), {}, /line 2 is not valid UTF-8/],
    ['no text', '\n \n', {}, /holds no lines/],
  ])('refuses %s', async (_, bytes, options, message) => {
    const error = await TextLineDataset.open(await stored(bytes), options).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
  });

  it('reads Zstandard, told by its first bytes', async () => {
    const zstd = new URL('../../../../test/golden/data/zstd/', import.meta.url);
    await copyFile(new URL('level-19.zst', zstd), join(folder, 'words.txt'));
    const words = all(await TextLineDataset.open(join(folder, 'words.txt')));
    expect(words).toHaveLength(4000);
    expect(words.reduce((sum, line) => sum + line.length + 1, 0)).toBe(166_474);
    const error = await TextLineDataset.open(join(folder, 'words.txt'), { maxBytes: 166_473 }).catch((e: unknown) => e);
    expect((error as Error).message).toMatch(/is larger than 166473 bytes/);
    // 5 MB of zeros in 175 bytes.
    const bomb = await stored(await readFile(new URL('zeros.zst', zstd)));
    await expect(TextLineDataset.open(bomb, { maxBytes: 2 ** 20 })).rejects.toThrow(/is larger than 1048576 bytes/);
  });

  it('reads lines that cross the chunks of a file', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i} ${'é'.repeat(i % 97)}`);
    const path = await stored(lines.join('\r\n'));
    expect(all(await TextLineDataset.open(path))).toEqual(lines);
    expect(all(await TextLineDataset.open(await stored(gzipSync(lines.join('\n')))))).toEqual(lines);
  });

  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['gzip', (text: string) => gzipSync(text)],
  ])('reads JSONL, %s', async (_, pack) => {
    const lines = [
      '\uFEFF{"text":"a\\nb","n":1}',
      '',
      '{"n":2,"text":"\\u00e9 🦊"}',
      '{"text":" "}',
      '{"text":"last"}',
    ];
    const path = await stored(pack(lines.join('\r\n')));
    expect(all(await TextLineDataset.open(path, { field: 'text' }))).toEqual(['a\nb', 'é 🦊', 'last']);
    expect(all(await TextLineDataset.open(path, { field: 'text', keepEmpty: true }))).toHaveLength(4);
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"text":"a"}\n{"text":\n', /line 2 is no JSON \(.*one object a line/],
    ['no object', '["text"]\n', /line 1 holds no object/],
    ['null', 'null\n', /line 1 holds no object/],
    ['no string', '\n{"text":3}\n', /line 2 has no string in 'text'; its members are 'text'/],
    ['another member', '{"a":"x","b":1}\n', /line 1 has no string in 'text'; its members are 'a', 'b'/],
    ['what every object inherits', '{}\n', /line 1 has no string in 'text'; its members are none/],
    ['deep nesting', `{"text":${'['.repeat(100_000)}\n`, /line 1 is no JSON/],
  ])('refuses JSONL with %s', async (_, text, message) => {
    const error = await TextLineDataset.open(await stored(text), { field: 'text' }).catch((reason: unknown) => reason);
    if (!DataError.isInstance(error)) throw error;
    expect(error.message).toMatch(message);
  });

  it('refuses a missing file', async () => {
    await expect(TextLineDataset.open(join(folder, 'absent'))).rejects.toThrow(/no such file/);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError } from 'ssl-tensor/host';
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

  it('refuses a missing file', async () => {
    await expect(TextLineDataset.open(join(folder, 'absent'))).rejects.toThrow(/no such file/);
  });
});

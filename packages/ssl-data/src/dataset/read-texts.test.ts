import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readTexts, type ReadTextsOptions } from './read-texts.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'texts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, data: string | Uint8Array): void => {
  mkdirSync(join(folder, name, '..'), { recursive: true });
  writeFileSync(join(folder, name), data);
};
const textsOf = async (path = folder, options: ReadTextsOptions = {}): Promise<string[]> => {
  const texts: string[] = [];
  const { texts: count } = await readTexts(path, options, (text) => texts.push(text));
  expect(count).toBe(texts.length);
  return texts;
};
const failure = async (path = folder, options: ReadTextsOptions = {}): Promise<Error> =>
  readTexts(path, options, () => {}).then(
    () => new Error('it was read'),
    (error: unknown) => error as Error,
  );

it('reads text and JSONL files of a folder and its sub-folders, in the order of their paths, with places', async () => {
  write('b.txt', 'three\r\n\n  \nfour');
  write('a/deep/x.jsonl', '{"text":"one","id":1}\n{"id":2,"text":" "}\n{"text":"two"}');
  write('c.txt.gz', gzipSync('five\n'));
  write('notes.md', 'left out');
  write('.hidden.txt', 'left out');
  const texts: string[] = [];
  const read = await readTexts(folder, {}, (text, { path, line }) => texts.push(`${text} ${path.at(-1)} ${line}`));
  expect(texts).toEqual(['one l 1', 'two l 3', 'three t 1', 'four t 4', 'five z 1']);
  expect(read).toEqual({ files: 3, texts: 5, leftOut: [{ kind: '.md', count: 1, names: ['notes.md'] }] });
  expect(await textsOf(join(folder, 'notes.md'))).toEqual(['left out']);
});

it('joins the lines of a paragraph', async () => {
  write('book.txt', 'It was the\n  best of times,\n\n\nit was\r\nthe worst');
  expect(await textsOf(folder, { unit: 'paragraph' })).toEqual(['It was the best of times,', 'it was the worst']);
});

it('takes another field and another encoding', async () => {
  write('a.jsonl', '{"body":"x"}');
  expect(await textsOf(folder, { field: 'body' })).toEqual(['x']);
  write('b.txt', Uint8Array.of(0x63, 0x61, 0x66, 0xe9));
  expect(await textsOf(join(folder, 'b.txt'), { encoding: 'windows-1252' })).toEqual(['café']);
});

it('says what is wrong, and where', async () => {
  expect((await failure(join(folder, 'none'))).message).toMatch(/none: /);
  expect((await failure()).message).toMatch(/holds no files of texts; looked for \.txt/);
  write('data.csv', 'a,b');
  expect((await failure()).message).toMatch(/found 1 \.csv \(such as data\.csv\)/);
  expect((await failure(join(folder, 'data.csv'))).message).toMatch(/data\.csv: is no file of texts by its ending/);
  write('blank.txt', ' \n\n');
  expect((await failure()).message).toMatch(/holds no text in its 1 files/);
  expect((await failure(join(folder, 'blank.txt'))).message).toMatch(/holds no text/);
  write('x.jsonl', '{"title":"x"}');
  expect((await failure()).message).toMatch(/x\.jsonl: line 1 has no string in 'text'; its members are 'title'/);
  write('bad.txt', Uint8Array.of(0x61, 10, 0x62, 0xff));
  const error = await failure();
  expect(error.message).toMatch(/bad\.txt: line 2 is not valid UTF-8: byte 0xff at 3/);
  expect([DataError.isInstance(error), (error as DataError).offset]).toEqual([true, 3]);
  expect(InvalidOptionError.isInstance(await failure(folder, { unit: 'word' as never }))).toBe(true);
  expect(InvalidOptionError.isInstance(await failure(7 as never))).toBe(true);
});

it.skipIf(process.getuid?.() === 0)('names a file that it may not read', async () => {
  write('a.txt', 'x');
  chmodSync(join(folder, 'a.txt'), 0);
  expect((await failure()).message).toMatch(/a\.txt: cannot be read/);
});

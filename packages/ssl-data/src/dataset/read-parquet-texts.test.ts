import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@selfsup/ssl-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import golden from '../../../../test/golden/data/parquet-texts.json' with { type: 'json' };
import { readTexts, type ReadTextsOptions } from './read-texts.js';

const file = (name: string): string =>
  join(import.meta.dirname, '../../../../test/golden/data/parquet-texts', `${name}.parquet`);
const wanted = golden.texts.filter((text): text is string => text !== null && /[^\0- ]/.test(text));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parquet-texts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const textsOf = async (path: string, options: ReadTextsOptions = {}): Promise<string[]> => {
  const texts: string[] = [];
  await readTexts(path, options, (text) => texts.push(text));
  return texts;
};
const failure = async (path: string, options: ReadTextsOptions = {}): Promise<DataError> => {
  const error: unknown = await readTexts(path, options, () => {}).catch((reason: unknown) => reason);
  if (!DataError.isInstance(error)) throw error;
  return error;
};

it.each(['snappy', 'zstd-v2', 'gzip', 'none'])('reads columns of %s as pyarrow wrote them', async (name) => {
  expect(await textsOf(file(name))).toEqual(wanted);
  expect(await textsOf(file(name), { field: 'raw' })).toEqual(wanted);
  expect(await textsOf(file(name), { field: 'body' })).toEqual(
    golden.texts.flatMap((text, row) => (text === null || !wanted.includes(text) ? [] : [golden.upper[row]])),
  );
  const colours = golden.texts.flatMap((_, row) => golden.colours[row % 4] ?? []);
  expect(await textsOf(file(name), { field: 'colour' })).toEqual(colours);
});

it.each(['delta-length', 'delta'])('reads texts by their differences: %s', async (name) => {
  expect(await textsOf(file(name))).toEqual(wanted);
});

it('says where a text lies, and reads a folder with the other files', async () => {
  copyFileSync(file('snappy'), join(folder, 'b.parquet'));
  writeFileSync(join(folder, 'a.txt'), 'first\n');
  const places: [string, number][] = [];
  const read = await readTexts(folder, {}, (_, { path, line }) => places.push([path.at(-1)!, line]));
  const rows = golden.texts.flatMap((text, row) => (text !== null && wanted.includes(text) ? [row + 1] : []));
  expect(places).toEqual([['t', 1], ...rows.map((row) => ['t', row])]);
  expect(read).toEqual({ files: 2, texts: 1 + wanted.length, leftOut: [] });
});

it('refuses columns that hold no texts, and says which do', async () => {
  expect((await failure(file('snappy'), { field: 'words' })).message).toMatch(
    /has no column 'words'; its columns of text are 'text', 'body', 'colour', 'raw': pass field: one of them/,
  );
  expect((await failure(file('snappy'), { field: 'tags' })).message).toMatch(
    /column 'tags' is a list or record, no text; its columns of text are 'text'/,
  );
  expect((await failure(file('snappy'), { field: 'meta' })).message).toMatch(/column 'meta' is a list or record/);
  expect((await failure(file('snappy'), { field: 'id' })).message).toMatch(/column 'id' is INT64, no text/);
  expect((await failure(file('numbers'))).message).toMatch(
    /none of its columns is text: 'id' \(INT64\), 'tags' \(a list or record\)/,
  );
  expect((await failure(file('blank'))).message).toMatch(/blank\.parquet: holds no text/);
});

it('names the row that is not valid UTF-8, and what is damaged', async () => {
  const error = await failure(file('latin'));
  expect(error.message).toMatch(/latin\.parquet: row 61 is not valid UTF-8: byte 0xe9 at 3 of its value/);
  expect(error.offset).toBeGreaterThan(0);
  const bytes = readFileSync(file('gzip'));
  const damaged = join(folder, 'damaged.parquet');
  writeFileSync(damaged, bytes.subarray(0, -1));
  expect((await failure(damaged)).message).toMatch(/does not end in PAR1; the file is damaged or cut short/);
  writeFileSync(damaged, Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(3000, 1), bytes.subarray(3004)]));
  expect((await failure(damaged)).message).toMatch(/damaged\.parquet: row group 0/);
  writeFileSync(damaged, '<!doctype html><title>Log in</title>');
  expect((await failure(damaged)).message).toMatch(/does not end in PAR1|page of HTML/);
  expect((await failure(join(folder, 'none.parquet'))).message).toMatch(/no such file/);
  expect((await failure(file('snappy'), { maxBytes: 2000 })).message).toMatch(/row \d+ is beyond 2000 bytes/);
});

it('hands on what the reader throws as it is', async () => {
  const own = new DataError('enough');
  const thrown: unknown = await readTexts(file('gzip'), {}, () => {
    throw own;
  }).catch((reason: unknown) => reason);
  expect(thrown).toBe(own);
});

it('reads 64 MB a page at a time', async () => {
  const { rows, text } = golden.large;
  let [read, most] = [0, 0];
  const before = process.memoryUsage().rss;
  await readTexts(file('large'), {}, (found) => {
    if (found !== text) throw new DataError(`row ${read} is another text`);
    if (++read % 4096 === 0) most = Math.max(most, process.memoryUsage().rss - before);
  });
  expect(read).toBe(rows);
  expect(most).toBeLessThan(50e6);
  // A page is held whole.
  expect((await failure(file('large'), { maxLineBytes: 2 ** 19 })).message).toMatch(
    /a page has \d+ bytes, the limit is/,
  );
});

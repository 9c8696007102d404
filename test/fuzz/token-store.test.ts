/**
 * Folders of a token store from strangers, and after damage: a store is refused with an error of ours, or gives the ids
 * that were written; one that was begun is finished to the same bytes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { buildTokenStore, TokenStore, trainWordPiece } from '@selfsup/ssl-text-mlm';
import { DataError } from '@selfsup/ssl-tensor/host';
import { afterAll, expect, it } from 'vitest';
import { describeFuzz, type FuzzSeed } from './describe-fuzz.js';
import { folderWith } from './folder-with.js';

const texts = Array.from({ length: 60 }, (_, at) => `the dog number ${at} chews ${at % 7} bones`);
const tokenizer = await trainWordPiece({ lines: texts, vocabSize: 80 });
const parent = mkdtempSync(join(tmpdir(), 'fuzz-store-'));
afterAll(() => rmSync(parent, { recursive: true }));

/** What builds said. */
const told: string[] = [];
const progress = { info: (line: string) => void told.push(line) } as never;
const build = (path: string, data: readonly string[] | (() => Iterable<string>) = texts): Promise<TokenStore> =>
  buildTokenStore({ path, data, tokenizer, progress });
const names = ['store.json', 'tokens.bin', 'ends.bin'] as const;
const bytesOf = (folder: string): Buffer[] => names.map((name) => readFileSync(join(folder, name)));

const whole = join(parent, 'whole');
const built = await build(whole);
const { header: wholeHeader } = built;
await built.close();
const wholeBytes = bytesOf(whole);
const begun = join(parent, 'begun');
const stopped = function* (): Generator<string> {
  yield* texts.slice(0, 35);
  throw new DataError('the disk is gone');
};
await build(begun, stopped).catch(() => {});
const begunNames = ['building.json', 'tokens.bin', 'ends.bin'];

/** Damage that a checksum of the file itself does not tell. */
const checked = (field: string) => (bytes: Uint8Array) => {
  const body = Buffer.from(bytes).toString();
  return Buffer.from(JSON.stringify({ checksum: crc32(body), [field]: body }));
};
const bodyOf = (folder: string, name: string, field: string): FuzzSeed => ({
  name: `checked-${name}`,
  bytes: Buffer.from((JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, string>)[field]!),
  wrap: checked(field),
});

const seedsOf = (folder: string, list: readonly string[]): FuzzSeed[] =>
  list.map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));

describeFuzz(
  'a token store',
  [...seedsOf(whole, names), bodyOf(whole, 'store.json', 'header')],
  async (path) => {
    const store = await TokenStore.open(folderWith(path, whole));
    try {
      const lines = store.lines({ maxLength: 9 });
      const [ids, blocks] = [lines.get(lines.length - 1).ids, store.blocks({ length: 16 })];
      expect(ids.length).toBeLessThanOrEqual(9);
      for (let block = 0; block < blocks.length; block++) expect(blocks.get(block).ids[0]).toBe(store.header.cls);
      expect(lines.lengths()).toHaveLength(store.length);
      store.verify();
    } finally {
      await store.close();
    }
    // What was written, whatever white space the header lost; of a header with its checksum only the form is known.
    if (basename(path).startsWith('checked-')) return;
    expect(store.header).toEqual(wholeHeader);
    expect(bytesOf(store.path).slice(1)).toEqual(wholeBytes.slice(1));
  },
  { maxAllocation: 2 ** 24, headerBytes: 900 },
);

let [wentOn, beganAnew] = [0, 0];
describeFuzz(
  'a token store that was begun',
  [...seedsOf(begun, begunNames), bodyOf(begun, 'building.json', 'journal')],
  async (path) => {
    const folder = folderWith(path, begun);
    told.length = 0;
    await (await build(folder)).close();
    if (told.some((line) => line.includes('going on after'))) wentOn++;
    else beganAnew++;
    if (!basename(path).startsWith('checked-')) expect(bytesOf(folder)).toEqual(wholeBytes);
  },
  { maxAllocation: 2 ** 24, headerBytes: 600, mends: true },
);

it('goes on where the damage is none, and begins anew where it is', () => {
  expect(wentOn).toBeGreaterThan(0);
  expect(beganAnew).toBeGreaterThan(0);
});

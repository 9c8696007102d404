import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import { crc32 } from 'node:zlib';
import { DataError, InvalidOptionError, randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MlmBatch, MlmLoader } from '../data/mlm-loader.js';
import { TokenDataset } from '../data/token-dataset.js';
import { trainByteLevelBpe } from '../tokenizer/train-byte-level-bpe.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import type { WordPieceTokenizer } from '../tokenizer/word-piece-tokenizer.js';
import { buildTokenStore, type BuildTokenStoreOptions } from './build-token-store.js';
import { chunkBytes } from './store-header.js';
import { TokenStore } from './token-store.js';

const words = 'the a small large dog cat river stone runs sleeps under over again quickly light dark'.split(' ');
const stream = new RandomStream(randomKey(8));
const texts = Array.from({ length: 400 }, () =>
  Array.from({ length: 1 + stream.integer(30) }, () => words[stream.integer(words.length)]!).join(' '),
);
let tokenizer: WordPieceTokenizer;
const folder = mkdtempSync(join(tmpdir(), 'ssl-store-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  tokenizer = await trainWordPiece({ lines: texts, vocabSize: 80 });
});

let made = 0;
const fresh = (): string => join(folder, `store-${made++}`);
const build = (path: string, options: Partial<BuildTokenStoreOptions> = {}): Promise<TokenStore> =>
  buildTokenStore({ path, data: texts, tokenizer, progress: 'silent', ...options });
const idsOf = (source: { length: number; get(index: number): { ids: Int32Array } }): number[][] =>
  Array.from({ length: source.length }, (_, index) => [...source.get(index).ids]);

describe('TokenStore', () => {
  it.each(['cut', 'split'] as const)('gives the sequences of a TokenDataset, %s', async (longTexts) => {
    const store = await build(fresh());
    const expected = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 12, longTexts });
    const lines = store.lines({ maxLength: 12, longTexts });
    expect(idsOf(lines)).toEqual(idsOf(expected));
    expect(lines.lengths()).toEqual(expected.lengths());
    expect(idsOf(lines.subset([5, 2]))).toEqual(idsOf(expected.subset([5, 2])));
    expect(lines.subset([5, 2]).lengths()).toEqual(expected.subset([5, 2]).lengths());
    await store.close();
  });

  it('gives full blocks across texts, in which nothing is lost', async () => {
    const store = await build(fresh());
    const { cls, sep } = tokenizer.specialIds;
    const all = texts.flatMap((text) => [...tokenizer.encode(text, { addSpecialTokens: false }), sep]);
    const blocks = store.blocks({ length: 33 });
    const found = idsOf(blocks);
    expect(found.every((ids) => ids[0] === cls)).toBe(true);
    expect(found.slice(0, -1).every((ids) => ids.length === 33)).toBe(true);
    const rest = all.length % 32 === 1 ? all.slice(0, -1) : all;
    expect(found.flatMap((ids) => ids.slice(1))).toEqual(rest);
    expect([...blocks.lengths()]).toEqual(found.map((ids) => ids.length));
    await store.close();
  });

  it('gives texts two by two, the longer one cut first', async () => {
    const store = await build(fresh());
    const { cls, sep } = tokenizer.specialIds;
    const text = (at: number): number[] => tokenizer.encode(texts[at]!, { addSpecialTokens: false });
    const pairs = store.pairs({ maxLength: 24 });
    expect(pairs.length).toBe(200);
    const lengths = pairs.lengths();
    for (let at = 0; at < 200; at++) {
      const [a, b] = [text(2 * at), text(2 * at + 1)];
      while (a.length + b.length > 21) (a.length > b.length ? a : b).pop();
      const { ids, second } = pairs.get(at);
      expect([...ids]).toEqual([cls, ...a, sep, ...b, sep]);
      expect([second, lengths[at]]).toEqual([a.length + 2, ids.length]);
    }
    await store.close();
    const one = await build(fresh(), { data: ['a dog'] });
    expect(() => one.pairs({ maxLength: 24 })).toThrow(/one text, and a pair takes two/);
    await one.close();
  });

  it('feeds the loader as the data set does, packed, and padded by blocks', async () => {
    const store = await build(fresh());
    const options = { tokenizer, batchSize: 4, key: randomKey(1), bucketLengths: [64], packing: true };
    const dataset = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 24 });
    const batches = async (loader: MlmLoader, from = 0): Promise<MlmBatch[]> => {
      const found: MlmBatch[] = [];
      for await (const batch of loader.epoch(1, from)) found.push(batch);
      return found;
    };
    const inputs = (found: MlmBatch[]): unknown[] => found.map(({ segments, positionIds }) => [segments, positionIds]);
    const ofStore = await batches(new MlmLoader({ ...options, dataset: store.lines({ maxLength: 24 }) }));
    expect(inputs(ofStore)).toEqual(inputs(await batches(new MlmLoader({ ...options, dataset }))));
    const blocks = { ...options, packing: false, dataset: store.blocks({ length: 64 }) };
    const whole = await batches(new MlmLoader(blocks));
    expect(whole.length).toBeGreaterThan(5);
    expect(await batches(new MlmLoader(blocks), 3)).toEqual(whole.slice(3));
    await store.close();
  });

  it('leaves out texts of unknown tokens alone, and says how many', async () => {
    const store = await build(fresh(), { data: ['a dog', '\u4e00\u4e8c', 'a cat'] });
    expect([store.length, store.header.skipped]).toEqual([2, 1]);
    await store.close();
    await expect(build(fresh(), { data: ['\u4e00'] })).rejects.toThrow(/none of 1 texts has a token/);
  });

  it('takes 4 bytes an id for vocabularies beyond 65,536', async () => {
    const large = new Proxy(tokenizer, {
      get(target, name) {
        const value: unknown = name === 'vocabSize' ? 70_000 : Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const store = await build(fresh(), { tokenizer: large });
    expect([store.header.bytesPerId, statSync(join(store.path, 'tokens.bin')).size]).toEqual([4, 4 * store.tokens]);
    const expected = TokenDataset.fromTexts(tokenizer, texts, { maxLength: 12 });
    expect(idsOf(store.lines({ maxLength: 12 }))).toEqual(idsOf(expected));
    await store.close();
  });

  it('holds the ids of other kinds of tokenisers, and knows which one it was', async () => {
    const bpe = await trainByteLevelBpe({ lines: texts, vocabSize: 300 });
    const store = await build(fresh(), { tokenizer: bpe });
    const expected = TokenDataset.fromTexts(bpe, texts, { maxLength: 12 });
    expect(idsOf(store.lines({ maxLength: 12 }))).toEqual(idsOf(expected));
    await store.close();
    await expect(TokenStore.open(store.path, { tokenizer })).rejects.toThrow(/another tokeniser/);
  });

  it('refuses options out of range', async () => {
    const store = await build(fresh());
    expect(() => store.lines({ maxLength: 2 })).toThrow(InvalidOptionError);
    expect(() => store.lines({ maxLength: 8, longTexts: 'drop' as never })).toThrow(/longTexts/);
    expect(() => store.blocks({ length: 1 })).toThrow(InvalidOptionError);
    expect(() => store.blocks({ length: 8 }).get(-1)).toThrow(InvalidOptionError);
    expect(() => store.rangeOf(400)).toThrow(InvalidOptionError);
    await expect(build(fresh(), { tokenizer: {} as never })).rejects.toThrow(/loadTokenizer/);
    await store.close();
  });
});

describe('building', () => {
  const failing = (after: number) => () =>
    (function* (): Generator<string> {
      yield* texts.slice(0, after);
      throw new DataError('the disk is gone');
    })();
  const bytesOf = (path: string): Buffer[] =>
    ['tokens.bin', 'ends.bin', 'store.json'].map((name) => readFileSync(join(path, name)));

  it('goes on where it stopped, to the same bytes', async () => {
    const whole = fresh();
    await (await build(whole)).close();
    const path = fresh();
    await expect(build(path, { data: failing(100) })).rejects.toThrow('the disk is gone');
    await expect(TokenStore.open(path)).rejects.toThrow(/was not finished; the same call of buildTokenStore goes on/);
    await expect(build(path, { data: failing(250) })).rejects.toThrow('the disk is gone');
    // Written after the last save, as a killed process leaves it.
    writeFileSync(join(path, 'tokens.bin'), new Uint8Array(999), { flag: 'a' });
    const told: string[] = [];
    const progress = { info: (line: string) => void told.push(line) };
    await (await build(path, { progress: progress as never })).close();
    expect(told[0]).toMatch(/going on after 250 texts/);
    expect(bytesOf(path)).toEqual(bytesOf(whole));
  });

  it.each(['building.json', 'tokens.bin', 'ends.bin'])('begins anew where %s is damaged', async (name) => {
    const whole = fresh();
    await (await build(whole)).close();
    const path = fresh();
    await expect(build(path, { data: failing(100) })).rejects.toThrow('the disk is gone');
    truncateSync(join(path, name), 50);
    await (await build(path)).close();
    expect(bytesOf(path)).toEqual(bytesOf(whole));
  });

  it('refuses other texts and another tokeniser, and opens a finished store without reading the texts', async () => {
    const path = fresh();
    await expect(build(path, { data: failing(100) })).rejects.toThrow('the disk is gone');
    await expect(build(path, { data: texts.slice(1) })).rejects.toThrow(/was begun with other texts/);
    await expect(build(path, { data: texts.slice(0, 50) })).rejects.toThrow(/was begun with other texts/);
    const other = await trainWordPiece({ lines: texts, vocabSize: 60 });
    await expect(build(path, { tokenizer: other })).rejects.toThrow(/another tokeniser/);
    await (await build(path)).close();
    const again = await build(path, { data: failing(0) });
    expect(again.length).toBe(400);
    await again.close();
    await expect(build(path, { tokenizer: other })).rejects.toThrow(/another tokeniser.*in another folder/s);
    await expect(TokenStore.open(path, { tokenizer: other })).rejects.toThrow(/another tokeniser/);
    await expect(TokenStore.open(fresh())).rejects.toThrow(/is no token store.*buildTokenStore makes one/s);
  });
});

describe('a damaged store', () => {
  const wrapped = (change: (header: Record<string, unknown>) => void) => (text: string) => {
    const header = JSON.parse((JSON.parse(text) as { header: string }).header) as Record<string, unknown>;
    change(header);
    const body = JSON.stringify(header);
    return JSON.stringify({ checksum: crc32(body), header: body });
  };
  const set = (name: string, value: unknown) => wrapped((header) => void (header[name] = value));
  const cases: [string, (text: string) => string, RegExp][] = [
    ['nothing', () => '', /as a whole is no JSON/],
    ['no object', () => '[]', /as a whole is no object/],
    ['a changed letter', (text) => text.replace('"cls', '"clt').replace('\\"cls', '\\"clt'), /checksum/],
    ['another format', set('format', 'x/2'), /has the format x\/2/],
    ['no tokeniser', set('tokenizer', 'abc'), /no digest 'tokenizer'/],
    ['no source', set('source', 3), /no digest 'source'/],
    ...['vocabSize', 'largestId', 'cls', 'sep', 'texts', 'tokens', 'skipped'].flatMap((name): typeof cases => [
      [`negative ${name}`, set(name, -1), new RegExp(`no number '${name}'`)],
      [`textual ${name}`, set(name, '3'), new RegExp(`no number '${name}'`)],
    ]),
    ['3 bytes an id', set('bytesPerId', 3), /'bytesPerId' of 2 or 4/],
    ['more tokens', set('tokens', 10), /bytes, and store.json says 20/],
    ['more texts', set('texts', 401), /ends.bin.*bytes, and store.json says 3208/s],
    ['no checksums', set('checksums', undefined), /checksums of 'tokens'/],
    ['other checksums', set('checksums', { tokens: ['a'], ends: [1] }), /checksums of 'tokens'/],
    ['many tokens', set('tokens', 1e12), /checksums of 'tokens'/],
  ];
  it.each(cases)('is refused: %s', async (_, change, message) => {
    const path = fresh();
    await (await build(path)).close();
    const file = join(path, 'store.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    await expect(TokenStore.open(path)).rejects.toThrow(DataError);
    await expect(TokenStore.open(path)).rejects.toThrow(message);
    await expect(build(path)).rejects.toThrow(/delete the folder and build it again/);
    rmSync(path, { recursive: true });
    await (await build(path)).close();
  });

  it.each(['tokens.bin', 'ends.bin'])('is recognised by %s when that is read', async (name) => {
    const path = fresh();
    await (await build(path)).close();
    const file = join(path, name);
    const bytes = readFileSync(file);
    bytes[100]! ^= 1;
    writeFileSync(file, bytes);
    const store = await TokenStore.open(path);
    expect(() => store.lines({ maxLength: 9 }).get(0)).toThrow(/do not have their checksum.*delete the folder/s);
    expect(() => store.verify()).toThrow(DataError);
    await store.close();
    truncateSync(file, 90);
    await expect(TokenStore.open(path)).rejects.toThrow(/has 90 bytes, and store.json says/);
    rmSync(file);
    await expect(TokenStore.open(path)).rejects.toThrow(DataError);
  });
});

it('of many times its buffers is built and read in little memory', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const line = texts.slice(0, 60).join(' ');
  const held = (): number => {
    collect();
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  const before = held();
  let most = 0;
  const data = function* (): Generator<string> {
    for (let at = 0; at < 5000; at++) {
      if (at % 1000 === 999) most = Math.max(most, held() - before);
      yield line;
    }
  };
  const store = await build(fresh(), { data });
  const { size } = statSync(join(store.path, 'tokens.bin'));
  expect(size).toBeGreaterThan(30 * chunkBytes);
  const blocks = store.blocks({ length: 512 });
  let sum = 0;
  new RandomStream(randomKey(1)).permutation(blocks.length).forEach((block, at) => {
    sum += blocks.get(block).ids.length;
    if (at % 1000 === 999) most = Math.max(most, held() - before);
  });
  expect(sum).toBeGreaterThanOrEqual(store.tokens);
  store.verify();
  expect(Math.max(most, held() - before)).toBeLessThan(size / 2);
  await store.close();
}, 60_000);

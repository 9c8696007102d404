import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, ndArray, randomKey, RandomStream, ShapeError, SslError } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WordVectors } from './word-vectors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-word-vectors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const golden = new URL('../../../../test/golden/text/', import.meta.url);
const stream = new RandomStream(randomKey(1));
const words = ['king', 'queen', 'man', 'woman', 'naïve', '水', '🙂'];
const data = Float32Array.from({ length: 7 * 3 }, () => stream.normal());
const vectors = (): WordVectors => new WordVectors(words, ndArray(data, [7, 3]));
const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

describe('files', () => {
  it.each(['text', 'binary'] as const)('reads and writes the %s format as gensim does', async (format) => {
    const name = `word2vec.${format === 'text' ? 'txt' : 'bin'}`;
    const path = new URL(name, golden).pathname;
    const read = await WordVectors.load(path);
    const wanted = JSON.parse(await readFile(new URL('word2vec.json', golden), 'utf8')) as {
      readonly words: string[];
      readonly vectors: number[];
      readonly mostSimilar: [string, number][];
      readonly analogy: [string, number][];
    };
    expect(read.words).toEqual(wanted.words);
    expect([...read.vectors.data]).toEqual(wanted.vectors);
    const same = (found: readonly { word: string; similarity: number }[], list: [string, number][]): void => {
      expect(found.map(({ word }) => word)).toEqual(list.map(([word]) => word));
      found.forEach(({ similarity }, at) => expect(similarity).toBeCloseTo(list[at]![1], 5));
    };
    same(read.mostSimilar('king', { count: 4 }), wanted.mostSimilar);
    same(read.analogy('man', 'king', 'woman', { count: 4 }), wanted.analogy);
    const again = join(folder, name);
    await read.save(again);
    // The bytes of the text format differ in how numbers are written.
    const [ours, theirs] = [await readFile(again), await readFile(path)];
    expect(ours.equals(theirs)).toBe(format === 'binary');
    expect((await WordVectors.load(again)).vectors).toEqual(read.vectors);
  });

  it.each(['text', 'binary'] as const)('gives back the same bits, %s', async (format) => {
    const path = join(folder, `own-${format}`);
    await vectors().save(path, { format });
    const read = await WordVectors.load(path, { format });
    expect(read.words).toEqual(words);
    expect(read.vectors.data).toEqual(data);
  });

  it('reads what word2vec.c writes: spaces and lines after each word', async () => {
    const text = await put('c.txt', '2 2 \nking 0.5 -1e-3 \nqueen .25 2. \n');
    expect([...(await WordVectors.load(text)).vectors.data]).toEqual([...Float32Array.of(0.5, -1e-3, 0.25, 2)]);
    const row = (word: string, ...values: number[]): Buffer =>
      Buffer.concat([Buffer.from(`${word} `), Buffer.from(Float32Array.from(values).buffer), Buffer.from('\n')]);
    const binary = await put('c.bin', Buffer.concat([Buffer.from('2 2\n'), row('king', 10, 3), row('queen', 32, -1)]));
    const read = await WordVectors.load(binary);
    expect([read.words, [...read.vectors.data]]).toEqual([
      ['king', 'queen'],
      [10, 3, 32, -1],
    ]);
  });

  it('reads words across chunks', async () => {
    const count = 4000;
    const many = new WordVectors(
      Array.from({ length: count }, (_, at) => `word-${at}`),
      ndArray(
        Float32Array.from({ length: count * 100 }, (_, at) => Math.fround(at / 7)),
        [count, 100],
      ),
    );
    for (const format of ['text', 'binary'] as const) {
      const path = join(folder, `many-${format}`);
      await many.save(path, { format });
      expect((await WordVectors.load(path, { format })).vectors.data).toEqual(many.vectors.data);
    }
  });

  it.each([
    ['nothing', '', 'two numbers'],
    ['GloVe', 'the 0.1 0.2\nof 0.3 0.4\n', 'put one in front'],
    ['a huge count', '67000000 65000\na 1 2\n', 'which take at least'],
    ['a count beyond all', '999999999999999 2\n', '1 to 67108864'],
    ['no words', '0 5\n', '1 to'],
    ['a number too few', '2 2\na 1 2\nb 1\n', 'has 1 numbers, not 2'],
    ['no number', '2 2\na 1 2\nb 1 nan\n', 'is "nan"'],
    ['an infinite one', '2 2\na 1 2\nb 1 1e99\n', 'is "1e99"'],
    ['hexadecimal', '2 2\na 1 2\nb 1 0x5\n', 'is "0x5"'],
    ['an end too early', '3 2\na 1 2\nb 11111 2\n', 'cut short'],
    ['more than it says', '1 2\na 1 2\nb 1 2\n', 'more than the first line says'],
    ['a word twice', '2 2\na 1 2\na 1 2\n', "duplicates: 'first'"],
    ['an empty word', '1 2\n 1 2\n', 'empty'],
    ['a line without end', `1 2\n${'a'.repeat(9000)}`, 'within'],
  ])('refuses %s', async (name, content, message) => {
    const path = await put(`${name}.txt`, content);
    await expect(WordVectors.load(path)).rejects.toThrow(DataError);
    await expect(WordVectors.load(path)).rejects.toThrow(message);
  });

  it('reads a file of GloVe with the line that the error asks for', async () => {
    const path = await put('glove.txt', '2 2\nthe 0.5 0.25\nof 1 2\n');
    expect((await WordVectors.load(path)).words).toEqual(['the', 'of']);
  });

  it('refuses binary files that are cut, hold no number or no UTF-8', async () => {
    await vectors().save(join(folder, 'whole.bin'));
    const whole = await readFile(join(folder, 'whole.bin'));
    await expect(WordVectors.load(await put('cut.bin', whole.subarray(0, -3)))).rejects.toThrow('cut short');
    const nan = Buffer.concat([Buffer.from('1 1\na '), Buffer.from(Float32Array.of(NaN).buffer)]);
    await expect(WordVectors.load(await put('nan.bin', nan))).rejects.toThrow('is NaN');
    const bytes = Buffer.concat([Buffer.from('1 1\n'), Buffer.of(0xff), Buffer.from(' '), Buffer.alloc(4)]);
    await expect(WordVectors.load(await put('bytes.bin', bytes))).rejects.toThrow('not UTF-8');
  });

  it('takes the first of each word where it is told to', async () => {
    const path = await put('twice.txt', '3 1\na 1\nb 2\na 3\n');
    const read = await WordVectors.load(path, { duplicates: 'first' });
    expect([read.words, [...read.vectors.data]]).toEqual([
      ['a', 'b'],
      [1, 2],
    ]);
  });

  it('ends every mutation in vectors or a typed error', async () => {
    await vectors().save(join(folder, 'seed.bin'));
    await vectors().save(join(folder, 'seed.txt'));
    const random = new RandomStream(randomKey(7));
    const ends = { vectors: 0, error: 0 };
    for (const format of ['txt', 'bin']) {
      const seed = await readFile(join(folder, `seed.${format}`));
      for (let round = 0; round < 150; round++) {
        const bytes = Uint8Array.from(seed.subarray(0, seed.length - (round % 4 === 0 ? random.integer(20) : 0)));
        for (let flip = 0; flip <= random.integer(3); flip++) bytes[random.integer(bytes.length)] = random.integer(256);
        const path = await put(`mutated.${format}`, bytes);
        const end = await WordVectors.load(path).catch((error: unknown) => error);
        if (!(end instanceof WordVectors) && !SslError.isInstance(end)) throw end;
        ends[end instanceof WordVectors ? 'vectors' : 'error']++;
      }
    }
    expect(Math.min(ends.vectors, ends.error)).toBeGreaterThan(30);
  });

  it('does not write words that the format cannot hold', async () => {
    const spaced = new WordVectors(['New York'], ndArray(Float32Array.of(1), [1, 1]));
    await expect(spaced.save(join(folder, 'spaced.txt'))).rejects.toThrow('put _ in its place');
  });
});

describe('WordVectors', () => {
  it('finds nearest words by loops, without those asked for', () => {
    const own = vectors();
    const unit = words.map((_, row) => {
      const values = [...data.subarray(3 * row, 3 * row + 3)];
      return values.map((value) => value / Math.hypot(...values));
    });
    const cosine = (a: number[], b: number[]): number =>
      a.reduce((sum, value, i) => sum + value * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);
    const query = unit[0]!.map((value, i) => value - unit[2]![i]! + unit[3]![i]!);
    const wanted = words
      .map((word, row) => ({ word, similarity: cosine(query, unit[row]!) }))
      .filter(({ word }) => !['king', 'man', 'woman'].includes(word))
      .toSorted((a, b) => b.similarity - a.similarity);
    const found = own.analogy('man', 'king', 'woman', { count: 9 });
    expect(found.map(({ word }) => word)).toEqual(wanted.map(({ word }) => word));
    found.forEach(({ similarity }, at) => expect(similarity).toBeCloseTo(wanted[at]!.similarity, 5));
    expect(own.similarity('king', 'queen')).toBeCloseTo(cosine(unit[0]!, unit[1]!), 5);
    expect(own.mostSimilar('king', { count: 2 })).toHaveLength(2);
    expect([...own.vectorOf('queen')]).toEqual([...data.subarray(3, 6)]);
  });

  it('names what is wrong', () => {
    const own = vectors();
    expect(own.has('knave')).toBe(false);
    expect(() => own.vectorOf('knave')).toThrow('no vector of "knave"');
    expect(() => own.mostSimilar([])).toThrow('one or more words');
    expect(() => own.mostSimilar('king', { count: 0 })).toThrow('count');
    expect(() => new WordVectors(['a'], ndArray(new Float32Array(4), [2, 2]))).toThrow(ShapeError);
    expect(() => new WordVectors(['a', 'a'], ndArray(new Float32Array(4), [2, 2]))).toThrow('comes twice');
  });
});

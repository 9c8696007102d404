import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, describe, expect, it } from 'vitest';
import { drawnLines } from '../../../../test/support/subword-lines.js';
import { TokenizerPool } from './tokenizer-pool.js';
import { trainByteLevelBpe } from './train-byte-level-bpe.js';
import { trainUnigram } from './train-unigram.js';
import { trainWordPiece } from './train-word-piece.js';

const lines = drawnLines(4000);
/** A stream of so many rounds is several times what is held at once. */
const rounds = 30;
const tokenizers = {
  WordPiece: await trainWordPiece({ lines: lines.slice(0, 300), vocabSize: 3000 }),
  BPE: await trainByteLevelBpe({ lines: lines.slice(0, 300), vocabSize: 500 }),
  Unigram: await trainUnigram({ lines: lines.slice(0, 300), vocabSize: 2000 }),
};
const pools = Object.fromEntries(
  Object.entries(tokenizers).map(([name, tokenizer]) => [name, new TokenizerPool(tokenizer, { workers: 2 })]),
);
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.close())));

describe.each(Object.entries(tokenizers))('%s in threads', (name, tokenizer) => {
  const pool = pools[name]!;

  it('gives the ids, places, windows, pairs and batches of the tokeniser itself, in the order given', async () => {
    expect(pool.size).toBe(2);
    const ids = await pool.encode(lines, { maxLength: 40 });
    expect(ids.map((each) => [...each])).toEqual(lines.map((line) => tokenizer.encode(line, { maxLength: 40 })));
    const some = lines.slice(0, 200);
    const windows = { maxLength: 12, stride: 3 };
    expect(await pool.encodeTexts(some, windows)).toEqual(some.map((line) => tokenizer.encodeText(line, windows)));
    const pairs = some.toReversed();
    for (const options of [{}, { maxLength: 20, padding: 'maxLength' }, { pairs, maxLength: 30 }] as const)
      expect(await pool.encodeBatch(some, options)).toEqual(tokenizer.encodeBatch(some, options));
    expect(await pool.encode([])).toEqual([]);
  }, 60_000);

  it('encodes a stream of any length, holding some of it', async () => {
    let read = 0;
    let given = 0;
    let mostAhead = 0;
    const some: number[][] = [];
    const stream = function* (): Generator<string> {
      for (let round = 0; round < rounds; round++)
        for (const line of lines) {
          read++;
          yield line;
        }
    };
    for await (const ids of pool.encodeStream(stream())) {
      mostAhead = Math.max(mostAhead, read - given);
      if (given % 1000 === 0) some.push([...ids]);
      given++;
    }
    expect([read, given]).toEqual([rounds * lines.length, rounds * lines.length]);
    expect(mostAhead).toBeLessThan(read / 2);
    expect(some).toEqual(some.map((_, index) => tokenizer.encode(lines[(1000 * index) % lines.length]!)));
  }, 60_000);
});

it('refuses what the tokeniser refuses, and says which', async () => {
  const pool = pools['WordPiece']!;
  for (const [use, message] of [
    [() => pool.encode(['a', 7 as never]), /texts\[1\] must be a string, got 7/],
    [() => pool.encode('a' as never), /texts must be an array of strings/],
    [() => pool.encode(['a'], { maxLength: 1 }), /maxLength must be an integer of at least/],
    [() => pool.encodeTexts(['a'], { pairs: [] }), /pairs must be 1, one for each text/],
    [() => pool.encodeBatch(['a'], { padding: 'maxLength' }), /maxLength must be given with padding/],
    [() => pool.encodeBatch(['a'], { pairs: [3 as never] }), /pairs\[0\] must be a string/],
    [() => pool.encodeStream(['a', null as never]).next(), /texts\[1\] must be a string, got null/],
  ] as const) {
    const error: unknown = await use().catch((reason: unknown) => reason);
    expect(InvalidOptionError.isInstance(error)).toBe(true);
    expect(String(error)).toMatch(message);
  }
  expect(() => new TokenizerPool({} as never)).toThrow(/tokenizer must be a tokeniser/);
  expect(() => new TokenizerPool(tokenizers.BPE, { workers: 0 })).toThrow(/workers must be a positive integer/);
});

it('fails what is under way when it is closed, and what comes after', async () => {
  const pool = new TokenizerPool(tokenizers.WordPiece, { workers: 1 });
  const under = pool.encode(lines);
  await Promise.all([expect(under).rejects.toThrow(/the pool is closed/), pool.close()]);
  const error: unknown = await pool.encode(['a']).catch((reason: unknown) => reason);
  expect(DataError.isInstance(error)).toBe(true);
  await pool.close();
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnWordPieces, type LearnWordPiecesOptions } from './learn-word-pieces.js';

const options = (overrides: Partial<LearnWordPiecesOptions>): LearnWordPiecesOptions => ({
  vocabSize: 1000,
  minFrequency: 1,
  alphabetLimit: 1000,
  reserved: ['[UNK]'],
  ...overrides,
});

/** The definition, counted anew for every join. */
function naive(
  wordCounts: ReadonlyMap<string, number>,
  { vocabSize, minFrequency, reserved }: LearnWordPiecesOptions,
): string[] {
  const characters = [...new Set([...wordCounts.keys()].flatMap((word) => Array.from(word)))].sort(
    (a, b) => a.codePointAt(0)! - b.codePointAt(0)!,
  );
  const words = [...wordCounts].map(([word, count]) => ({
    pieces: Array.from(word, (c, i) => (i === 0 ? c : `##${c}`)),
    count,
  }));
  const inside = new Set(words.flatMap(({ pieces }) => pieces.slice(1)));
  const tokens = [...reserved, ...characters, ...characters.map((c) => `##${c}`).filter((piece) => inside.has(piece))];
  while (tokens.length < vocabSize) {
    const counts = new Map<string, number>();
    for (const { pieces, count } of words) {
      for (let i = 1; i < pieces.length; i++)
        counts.set(`${pieces[i - 1]} ${pieces[i]}`, (counts.get(`${pieces[i - 1]} ${pieces[i]}`) ?? 0) + count);
    }
    const ranked = [...counts].map(([pair, count]) => {
      const [left, right] = pair.split(' ') as [string, string];
      return { left, right, count };
    });
    ranked.sort(
      (a, b) =>
        b.count - a.count ||
        tokens.indexOf(a.left) - tokens.indexOf(b.left) ||
        tokens.indexOf(a.right) - tokens.indexOf(b.right),
    );
    const best = ranked[0];
    if (best === undefined || best.count < minFrequency) break;
    const joined = best.left + best.right.slice(2);
    if (!tokens.includes(joined)) tokens.push(joined);
    for (const { pieces } of words) {
      for (let i = 0; i + 1 < pieces.length; i++)
        if (pieces[i] === best.left && pieces[i + 1] === best.right) pieces.splice(i, 2, joined);
    }
  }
  return tokens;
}

describe('learnWordPieces', () => {
  it('agrees with the definition on random words', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: 9 })), {
          selector: ([w]) => w,
          minLength: 1,
          maxLength: 12,
        }),
        fc.integer({ min: 12, max: 40 }),
        fc.integer({ min: 1, max: 4 }),
        (entries, vocabSize, minFrequency) => {
          const given = options({ vocabSize, minFrequency });
          expect(learnWordPieces(new Map(entries), given)).toEqual(naive(new Map(entries), given));
        },
      ),
      { seed: 7, numRuns: 200 },
    );
  });

  it('does not depend on the order of the words', () => {
    const entries: [string, number][] = [
      ['low', 5],
      ['lower', 2],
      ['newest', 6],
      ['widest', 3],
      ['wild', 3],
    ];
    const once = learnWordPieces(new Map(entries), options({ vocabSize: 30 }));
    expect(learnWordPieces(new Map(entries.toReversed()), options({ vocabSize: 30 }))).toEqual(once);
    // 'e' + 's' and 's' + 't' both occur 9 times; the smaller id goes first.
    expect(once).toContain('##est');
    expect(once.length).toBe(30);
  });

  it('keeps the most frequent characters and leaves words with others out', () => {
    const tokens = learnWordPieces(
      new Map([
        ['aab', 5],
        ['z', 1],
      ]),
      options({ alphabetLimit: 2 }),
    );
    expect(tokens).toEqual(['[UNK]', 'a', 'b', '##a', '##b', 'aa', 'aab']);
  });
});

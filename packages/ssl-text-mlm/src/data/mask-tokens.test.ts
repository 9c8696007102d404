import fc from 'fast-check';
import { randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { maskTokens } from './mask-tokens.js';
import { bertMasking } from './masking-options.js';
import { maskableTokens, type MaskingVocabulary } from './masking-units.js';

/** Ids 0 to 4 are special, odd ids from 5 on continue a word, 99 is the last. */
const size = 100;
const vocabulary: MaskingVocabulary = {
  special: Uint8Array.from({ length: size }, (_, id) => (id < 5 ? 1 : 0)),
  continues: Uint8Array.from({ length: size }, (_, id) => (id >= 5 && id % 2 === 1 ? 1 : 0)),
  ordinary: Int32Array.from({ length: size - 5 }, (_, index) => index + 5),
  maskId: 4,
};
const block = (rows: number, rowLength: number): Int32Array =>
  Int32Array.from({ length: rows * rowLength }, (_, at) => {
    const column = at % rowLength;
    return column === 0 ? 2 : column === rowLength - 1 ? 0 : column === rowLength - 2 ? 3 : 5 + ((at * 7919) % 95);
  });

/** Half-width of the interval that a binomial share leaves once in 15,000 times. */
const bound = (share: number, n: number): number => 4 * Math.sqrt((share * (1 - share)) / n);

describe('maskTokens', () => {
  it('chooses 15 %, of which 80 % become [MASK], 10 % random, 10 % stay', () => {
    const rowLength = 32;
    const original = block(1000, rowLength);
    const ids = original.slice();
    const { positions, labels } = maskTokens(ids, rowLength, vocabulary, bertMasking, randomKey(1), Infinity);
    const n = positions.length;
    expect(n).toBe(Math.round(0.15 * 1000 * 29));
    expect(labels).toEqual(positions.map((at) => original[at]));
    const share = (holds: (at: number) => boolean): number => positions.filter(holds).length / n;
    expect(Math.abs(share((at) => ids[at] === 4) - 0.8)).toBeLessThan(bound(0.8, n));
    // One in 95 random tokens is the token that was there.
    expect(Math.abs(share((at) => ids[at] !== 4 && ids[at] !== original[at]) - (0.1 * 94) / 95)).toBeLessThan(
      bound(0.1, n),
    );
    const random = positions.filter((at) => ids[at] !== 4 && ids[at] !== original[at]);
    expect(random.every((at) => ids[at]! >= 5)).toBe(true);
    expect(Math.abs(random.filter((at) => ids[at]! < 53).length / random.length - 48 / 95)).toBeLessThan(
      bound(0.5, random.length),
    );
    // Each column has the same chance.
    const perColumn = Array.from(
      { length: 29 },
      (_, index) => positions.filter((at) => at % rowLength === index + 1).length / 1000,
    );
    for (const found of perColumn) expect(Math.abs(found - 0.15)).toBeLessThan(bound(0.15, 1000));
  });

  it('masks no special token, changes nothing else, and repeats by the key', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        fc.integer(),
        (tokens, wholeWords, seed) => {
          const original = Int32Array.from(tokens);
          const ids = original.slice();
          const options = { ...bertMasking, wholeWords };
          const masked = maskTokens(ids, 12, vocabulary, options, randomKey(seed), 6);
          expect(masked.positions.length).toBeLessThanOrEqual(6);
          expect(masked.positions).toEqual([...new Set(masked.positions)].toSorted((a, b) => a - b));
          for (const at of masked.positions) expect(original[at]).toBeGreaterThanOrEqual(5);
          const chosen = new Set(masked.positions);
          ids.forEach((id, at) => expect(chosen.has(at) || id === original[at]).toBe(true));
          const again = original.slice();
          expect(maskTokens(again, 12, vocabulary, options, randomKey(seed), 6)).toEqual(masked);
          expect(again).toEqual(ids);
        },
      ),
      { seed: 4, numRuns: 200 },
    );
  });

  it('with whole words, takes all pieces of a word or none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: 80 }),
        fc.integer(),
        (tokens, seed) => {
          const original = Int32Array.from(tokens);
          const rowLength = 16;
          const { positions } = maskTokens(
            original.slice(),
            rowLength,
            vocabulary,
            { ...bertMasking, maskProbability: 0.4, wholeWords: true },
            randomKey(seed),
            Infinity,
          );
          const chosen = new Set(positions);
          for (let at = 1; at < original.length; at++) {
            const sameWord =
              at % rowLength !== 0 &&
              vocabulary.continues[original[at]!] === 1 &&
              vocabulary.special[original[at - 1]!] === 0;
            expect(sameWord && chosen.has(at) !== chosen.has(at - 1)).toBe(false);
          }
          // A word of each row, or the share.
          const maskable = tokens.filter((id) => id >= 5).length;
          const rows = new Set(positions.map((at) => Math.floor(at / rowLength))).size;
          const words = positions.filter((at) => !(chosen.has(at - 1) && vocabulary.continues[original[at]!] === 1));
          expect(positions.length <= Math.round(0.4 * maskable) || words.length === rows).toBe(true);
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  it('masks at least one token of every row that has one, however short', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: 80 }),
        fc.constantFrom(0.01, 0.15, 0.9),
        fc.boolean(),
        fc.integer(),
        (tokens, maskProbability, wholeWords, seed) => {
          const rowLength = 5;
          const ids = Int32Array.from(tokens);
          const rows = Array.from({ length: Math.ceil(ids.length / rowLength) }, (_, row) =>
            maskableTokens(ids.slice(row * rowLength, (row + 1) * rowLength), vocabulary, wholeWords),
          );
          const options = { ...bertMasking, maskProbability, wholeWords };
          // As many places as the loader has, and no limit.
          for (const limit of [rows.reduce((sum, { least }) => sum + least, 0), Infinity]) {
            const { positions } = maskTokens(ids.slice(), rowLength, vocabulary, options, randomKey(seed), limit);
            expect(positions.length).toBeLessThanOrEqual(limit);
            const hit = new Set(positions.map((at) => Math.floor(at / rowLength)));
            rows.forEach((row, index) => expect(hit.has(index)).toBe(row.tokens > 0));
            if (wholeWords || limit !== Infinity) continue;
            const maskable = rows.reduce((sum, row) => sum + row.tokens, 0);
            expect(positions.length).toBe(Math.max(Math.round(maskProbability * maskable), hit.size));
          }
        },
      ),
      { seed: 6, numRuns: 200 },
    );
  });

  it('masks nothing where there is nothing', () => {
    const ids = Int32Array.of(2, 3, 0, 0);
    expect(maskTokens(ids, 2, vocabulary, bertMasking, randomKey(1), 9)).toEqual({ positions: [], labels: [] });
    expect(maskableTokens(ids, vocabulary, true)).toEqual({ tokens: 0, least: 0 });
    expect(maskableTokens(Int32Array.of(2, 6, 7, 9, 8, 3), vocabulary, true)).toEqual({ tokens: 4, least: 1 });
    expect(maskableTokens(Int32Array.of(2, 6, 7, 9, 3), vocabulary, true)).toEqual({ tokens: 3, least: 3 });
  });
});

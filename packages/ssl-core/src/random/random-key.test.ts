import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { foldIn, randomKey, split } from './random-key.js';
import { RandomStream } from './random-stream.js';

it('is a function of the seed, and tells seeds above 2^32 apart', () => {
  expect(randomKey(42)).toEqual(randomKey(42));
  const seeds = [0, 1, 2, 4294967295, 4294967296, 4294967297, Number.MAX_SAFE_INTEGER];
  expect(new Set(seeds.map((seed) => randomKey(seed).join())).size).toBe(seeds.length);
});

it('derives keys that differ from each other and from their parent', () => {
  const parent = randomKey(1);
  const names = ['', 'a', 'b', 'ab', 'ba', 'weight', 'layer.0', 'layer.1'];
  const numbers = [0, 1, 2, 97, 98, 4294967296, 2 ** 40];
  const derived = [
    parent,
    ...names.map((name) => foldIn(parent, name)),
    ...numbers.map((number) => foldIn(parent, number)),
    ...split(parent, 16),
  ];
  expect(new Set(derived.map((key) => key.join())).size).toBe(derived.length);
});

it('splits into as many keys as asked for, the first ones the same for every count', () => {
  const key = randomKey(3);
  expect(split(key)).toHaveLength(2);
  expect(split(key, 5).slice(0, 2)).toEqual(split(key, 2));
  expect(split(key, 0)).toEqual([]);
});

it('words are unsigned 32-bit integers', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.oneof(fc.string(), fc.maxSafeNat()), (seed, data) => {
      for (const word of foldIn(randomKey(seed), data)) expect(word >>> 0).toBe(word);
    }),
    { seed: 3 },
  );
});

it.each<readonly [string, () => unknown, RegExp]>([
  ['no seed', () => randomKey(undefined as never), /randomKey: seed must be a safe integer, got undefined/],
  ['a seed that is text', () => randomKey('1' as never), /got '1'/],
  ['a fraction', () => randomKey(0.5), /got 0.5/],
  ['a seed for a key', () => foldIn(3 as never, 'a'), /foldIn: key must be a random key, got 3.*randomKey\(3\)/],
  [
    'nothing folded in',
    () => foldIn(randomKey(1), undefined as never),
    /foldIn: data must be a safe integer or a string/,
  ],
  ['NaN folded in', () => foldIn(randomKey(1), Number.NaN), /got NaN/],
  ['no key to split', () => split(undefined as never), /split: key must be a random key, got undefined/],
  ['half a key', () => split(randomKey(1), 1.5), /split: count must be an integer of 0 or more/],
  ['a stream of a number', () => new RandomStream(5 as never), /RandomStream: key must be a random key, got 5/],
])('refuses %s', (_, make, message) => {
  expect(make).toThrow(message);
  expect(make).toThrow(InvalidOptionError);
});

import { InvalidOptionError } from '../errors/invalid-option-error.js';

/** @throws InvalidOptionError unless `key` is a pair of words, as `randomKey` makes it */
export function checkRandomKey(where: string, option: string, key: unknown): asserts key is readonly [number, number] {
  if (Array.isArray(key) && key.length === 2 && isWord(key[0]) && isWord(key[1])) return;
  const seed = Number.isSafeInteger(key) ? String(key) : 'seed';
  throw new InvalidOptionError(
    where,
    option,
    'a random key',
    key,
    `Make one of a number by randomKey(${seed}), or of another key by foldIn(key, 'name')`,
  );
}

const isWord = (value: unknown): boolean => typeof value === 'number' && value >>> 0 === value;

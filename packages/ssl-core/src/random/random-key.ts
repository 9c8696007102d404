import { checkCount, checkInteger } from '../options/check-number.js';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import { checkRandomKey } from './check-random-key.js';
import { threefry2x32 } from './threefry.js';

/**
 * An explicit random key: two unsigned 32-bit words. Keys are values: the same key gives the same numbers,
 * so never draw twice from one key; {@link split} it or {@link foldIn} a counter.
 *
 * Source: Salmon et al. 2011, 'Parallel random numbers: as easy as 1, 2, 3' (threefry2x32, 20 rounds); the key
 * discipline is JAX's (`jax.random`).
 */
export type RandomKey = readonly [number, number];

/**
 * Key of a run's seed.
 *
 * @throws InvalidOptionError for a seed that is no safe integer
 */
export function randomKey(seed: number): RandomKey {
  checkInteger('randomKey', 'seed', seed);
  const low = seed >>> 0;
  const high = Math.floor(seed / 4294967296) >>> 0;
  return threefry2x32([high, low], 0x5353_4c00, 0);
}

/**
 * Key derived from `key` and a counter or a name: the same inputs give the same key.
 *
 * @throws InvalidOptionError for a key that is none, and for what is neither a safe integer nor a string
 */
export function foldIn(key: RandomKey, data: number | string): RandomKey {
  checkRandomKey('foldIn', 'key', key);
  if (typeof data !== 'string' && !Number.isSafeInteger(data))
    throw new InvalidOptionError('foldIn', 'data', 'a safe integer or a string', data);
  if (typeof data === 'number') return threefry2x32(key, Math.floor(data / 4294967296) >>> 0, data >>> 0);
  let folded = threefry2x32(key, 0xffff_ffff, data.length);
  for (let i = 0; i < data.length; i++) folded = threefry2x32(folded, 0xffff_fffe, data.charCodeAt(i));
  return folded;
}

/**
 * `count` independent keys derived from `key`.
 *
 * @throws InvalidOptionError for a key that is none, and for a count that is not an integer of 0 or more
 */
export function split(key: RandomKey, count = 2): RandomKey[] {
  checkRandomKey('split', 'key', key);
  checkCount('split', { count }, 0);
  return Array.from({ length: count }, (_, index) => threefry2x32(key, 0xffff_fffd, index));
}

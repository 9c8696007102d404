import { expect, it } from 'vitest';
import { InvalidOptionError } from '../errors/invalid-option-error.js';
import {
  checkCount,
  checkInteger,
  checkNonNegative,
  checkNumber,
  checkPositive,
  checkRate,
  checkShare,
} from './check-number.js';

const text = '1' as unknown as number;

it.each<readonly [string, (value: number) => void, readonly number[], readonly number[], string]>([
  [
    'count',
    (n) => checkCount('f', { n }),
    [1, 2 ** 53 - 1],
    [0, -1, 1.5, NaN, Infinity, 2 ** 53, text],
    'a positive integer',
  ],
  ['count from 0', (n) => checkCount('f', { n }, 0), [0, 7], [-1, 0.5, text], 'an integer of 0 or more'],
  ['any integer', (n) => checkInteger('f', 'n', n), [-5, 0], [0.5, NaN, text], 'a safe integer'],
  ['integer in a range', (n) => checkInteger('f', 'n', n, 2, 4), [2, 4], [1, 5, 3.5], 'an integer in [2, 4]'],
  ['integer up to', (n) => checkInteger('f', 'n', n, -Infinity, 4), [-9, 4], [5], 'an integer of 4 or less'],
  ['number', (n) => checkNumber('f', 'n', n), [-1e300, 0.5], [NaN, -Infinity, Infinity, text], 'a finite number'],
  ['number from', (n) => checkNumber('f', 'n', n, 0), [0, 3], [-1e-9, Infinity], 'a finite number >= 0'],
  ['number up to', (n) => checkNumber('f', 'n', n, -Infinity, 3), [-9, 3], [3.1], 'a finite number <= 3'],
  ['number in a range', (n) => checkNumber('f', 'n', n, 0, 1), [0, 1], [-0.1, 1.1, NaN], 'a number in [0, 1]'],
  ['positive', (n) => checkPositive('f', { n }), [1e-300, 2], [0, -1, NaN, Infinity, text], 'positive and finite'],
  ['not negative', (n) => checkNonNegative('f', { n }), [0, 2], [-1, NaN, Infinity, text], 'finite and 0 or more'],
  ['share', (n) => checkShare('f', { n }), [0, 0.5, 1], [-0.1, 1.1, NaN, text], 'in [0, 1]'],
  ['rate', (n) => checkRate('f', { n }), [0, 0.99], [1, -0.1, NaN, text], 'in [0, 1)'],
])('%s', (_, check, accepted, refused, expected) => {
  for (const value of accepted) expect(() => check(value)).not.toThrow();
  for (const value of refused) {
    expect(() => check(value)).toThrow(InvalidOptionError);
    expect(() => check(value)).toThrow(`f: n must be ${expected}, got `);
  }
});

it('names the first of several options that is wrong', () =>
  expect(() => checkCount('f', { a: 1, 'b.c': 0, d: -1 })).toThrow('f: b.c must be a positive integer, got 0'));

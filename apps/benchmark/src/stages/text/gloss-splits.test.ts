import { randomKey } from '@selfsup/ssl-core';
import { expect, test } from 'vitest';
import { splitGlosses } from './gloss-splits.js';

const glosses = Array.from({ length: 110 }, (_, i) => ({ text: `gloss ${i % 100}`, label: i % 3 }));
const sizes = { maskedTest: 10, labelled: 20, test: 30 };

test('no text is in two sets, also where a text occurs twice, and nothing is lost', () => {
  const { pretrain, maskedTest, labelled, test: held } = splitGlosses(glosses, sizes, randomKey(1));
  expect([pretrain, maskedTest, labelled, held].map(({ length }) => length)).toEqual([40, 10, 20, 30]);
  expect(new Set([...pretrain, ...maskedTest, ...labelled, ...held].map(({ text }) => text)).size).toBe(100);
});

test('without a set of their own, labels are drawn among the pretraining glosses', () => {
  const { pretrain, labelled, test: held } = splitGlosses(glosses, { maskedTest: 10, test: 30 }, randomKey(1));
  expect(labelled).toBe(pretrain);
  expect(pretrain).toHaveLength(60);
  expect(held).toEqual(splitGlosses(glosses, sizes, randomKey(1)).test);
});

test('the key decides the split', () => {
  const first = splitGlosses(glosses, sizes, randomKey(1));
  expect(splitGlosses(glosses, sizes, randomKey(1))).toEqual(first);
  expect(splitGlosses(glosses, sizes, randomKey(2)).test).not.toEqual(first.test);
});

test('a smaller pretraining set leaves the held-out sets as they are', () => {
  const small = splitGlosses(glosses, { ...sizes, pretrain: 5 }, randomKey(1));
  expect(small.pretrain).toHaveLength(5);
  expect(small.test).toEqual(splitGlosses(glosses, sizes, randomKey(1)).test);
});

test('too few glosses are said to be too few', () => {
  expect(() => splitGlosses(glosses, { ...sizes, labelled: 70 }, randomKey(1))).toThrow(/at most 100/);
});

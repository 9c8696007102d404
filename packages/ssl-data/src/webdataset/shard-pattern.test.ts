import { InvalidOptionError } from '@selfsup/ssl-core';
import { expect, it } from 'vitest';
import { parseShardPattern } from './shard-pattern.js';

it('names shards and knows its own', () => {
  const { nameOf, matches } = parseShardPattern('train-%06d.tar', 'test');
  expect([nameOf(0), nameOf(1234567)]).toEqual(['train-000000.tar', 'train-1234567.tar']);
  expect(parseShardPattern('%d.tar', 'test').nameOf(12)).toBe('12.tar');
  const names = ['train-000000.tar', 'train-7.tar', 'val-000000.tar', 'train-000000.tar.index.json', 'train-.tar'];
  expect(names.filter(matches)).toEqual(['train-000000.tar', 'train-7.tar']);
});

it.each(['x.tar', '../%06d.tar', '%06d.zip', '%06d-%06d.tar'])('refuses %s', (pattern) => {
  expect(() => parseShardPattern(pattern, 'test')).toThrow(InvalidOptionError);
});

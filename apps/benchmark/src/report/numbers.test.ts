import { expect, test } from 'vitest';
import { comparison, percent, points, whole } from './numbers.js';

test('numbers for people', () => {
  expect([comparison(0.052), comparison(-0.004)]).toEqual(['5.2 points ahead of', '0.4 points behind']);
  expect([percent(0.9671), percent(1, 0), points(0.052), points(-0.004), points(0), whole(20_000)]).toEqual([
    '96.7 %',
    '100 %',
    '+5.2',
    '\u22120.4',
    '+0.0',
    '20,000',
  ]);
});

import { expect, it } from 'vitest';
import { threefry2x32 } from './threefry.js';

it.each([
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344],
    [0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
] as const)('has the known answer of Random123 for key %j, counter %j', (key, [high, low], words) => {
  expect(threefry2x32(key, high, low)).toEqual(words);
});

it('changes about half of the bits when one bit of the counter changes', () => {
  const ones = (word: number): number => word.toString(2).replaceAll('0', '').length;
  let changed = 0;
  const trials = 200;
  for (let i = 0; i < trials; i++) {
    const [a, b] = threefry2x32([1, 2], 0, i);
    const [c, d] = threefry2x32([1, 2], 0, (i ^ (1 << (i % 32))) >>> 0);
    changed += ones((a ^ c) >>> 0) + ones((b ^ d) >>> 0);
  }
  // 12,800 fair bits: standard deviation 0.0044 of the mean.
  expect(Math.abs(changed / (64 * trials) - 0.5)).toBeLessThan(0.018);
});

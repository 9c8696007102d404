import { expect, it } from 'vitest';
import type { Geometry, Pair } from './conv-geometry.js';
import { suitsTapGroups } from './conv-tap-groups.js';

const window = (inSize: Pair, outSize: Pair, stride: number, pad: number): Geometry => ({
  kernel: [3, 3],
  stride: [stride, stride],
  dilation: [1, 1],
  pads: [pad, pad, pad, pad],
  inSize,
  outSize,
});

it('groups positions where more than a fifth of the products would be with padding', () => {
  // 10 of 12 taps on either axis: 31 % of the products are with padding.
  expect(suitsTapGroups(window([7, 7], [4, 4], 2, 1))).toBe(true);
  expect(suitsTapGroups(window([4, 4], [4, 4], 1, 1))).toBe(true);
  // 20 of 21 taps: 9 %.
  expect(suitsTapGroups(window([14, 14], [7, 7], 2, 1))).toBe(false);
  expect(suitsTapGroups(window([5, 5], [3, 3], 1, 0))).toBe(false);
});

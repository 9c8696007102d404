import fc from 'fast-check';
import { expect, it } from 'vitest';
import { broadcastShape, sameShape, sizeOf } from './value.js';

it.each([
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [[], [4], [4]],
  [
    [3, 1],
    [1, 2],
    [3, 2],
  ],
  [
    [2, 1, 3],
    [4, 1],
    [2, 4, 3],
  ],
  [[0, 3], [1], [0, 3]],
  [[0], [1], [0]],
  [[2], [3], undefined],
  [[0], [2], undefined],
] as const)('%j and %j broadcast to %j', (a, b, expected) => {
  expect(broadcastShape(a, b)).toEqual(expected);
  expect(broadcastShape(b, a)).toEqual(expected);
});

it('a shape broadcasts with itself and with a scalar to itself', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 5 }), (shape) => {
      expect(broadcastShape(shape, shape)).toEqual(shape);
      expect(broadcastShape(shape, [])).toEqual(shape);
      expect(sameShape(shape, [...shape])).toBe(true);
      expect(sizeOf([...shape, 0])).toBe(0);
    }),
    { seed: 5 },
  );
});

import { expect, it } from 'vitest';
import { isNdArray, ndArray } from './nd-array.js';

it('keeps the data it is given', () => {
  const data = Float32Array.of(1, 2);
  expect(ndArray(data, [2]).data).toBe(data);
});

it.each([
  [ndArray(new Float32Array(2), [2]), true],
  [ndArray(new Int32Array(0), [0, 3]), true],
  [{ data: new Uint8Array(1), shape: [1], extra: 1 }, true],
  [{ data: new Float64Array(1), shape: [1] }, false],
  [{ data: [1], shape: [1] }, false],
  [{ data: new Float32Array(1) }, false],
  [null, false],
  [3, false],
])('%j is a host array: %s', (value, expected) => {
  expect(isNdArray(value)).toBe(expected);
});

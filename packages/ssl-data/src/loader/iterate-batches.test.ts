import { InvalidOptionError, ndArray, ShapeError } from '@selfsup/ssl-core';
import { describe, expect, it } from 'vitest';
import { iterateBatches } from './iterate-batches.js';

describe('iterateBatches', () => {
  const x = ndArray(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2]);
  const y = ndArray(Int32Array.of(7, 8, 9), [3]);

  it('cuts in order, the last batch shorter, without copies', () => {
    const batches = [...iterateBatches({ x, y }, 2)];
    expect(batches).toEqual([
      { x: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }, y: { data: Int32Array.of(7, 8), shape: [2] } },
      { x: { data: Float32Array.of(5, 6), shape: [1, 2] }, y: { data: Int32Array.of(9), shape: [1] } },
    ]);
    expect(batches[1]!.x.data.buffer).toBe(x.data.buffer);
  });

  it('refuses unequal lengths, no arrays and bad sizes', () => {
    expect(() => [...iterateBatches({ x, y: ndArray(Int32Array.of(1), [1]) }, 2)]).toThrow(ShapeError);
    expect(() => [...iterateBatches({}, 2)]).toThrow(InvalidOptionError);
    expect(() => [...iterateBatches({ x }, 0)]).toThrow(InvalidOptionError);
  });
});

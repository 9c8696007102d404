import { describe, expect, it } from 'vitest';
import { closeMismatch } from './to-be-all-close.js';

describe('toBeAllClose', () => {
  it('accepts equal values, NaN against NaN and equal infinities', () => {
    expect([
      [1, NaN],
      [Infinity, -Infinity],
    ]).toBeAllClose([
      [1, NaN],
      [Infinity, -Infinity],
    ]);
    expect(new Float32Array([1])).toBeAllClose([1 + 5e-6]);
  });

  it('reports shape, dtype and size', () => {
    expect(closeMismatch([[1, 2]], [1, 2])).toBe('shape is [1, 2], expected [2]');
    expect(closeMismatch(new Int32Array(2), [0, 0], { dtype: 'float32' })).toBe('dtype is int32, expected float32');
    expect(closeMismatch(new Float32Array(3), [0, 0])).toBe('has 3 elements, expected 2');
    expect(closeMismatch({ data: new Float32Array(4), shape: [4] }, { data: [0, 0, 0, 0], shape: [2, 2] })).toBe(
      'shape is [4], expected [2, 2]',
    );
  });

  it('reports the worst index with both values', () => {
    expect(
      closeMismatch(
        [
          [1, 2],
          [3, 5],
        ],
        [
          [1, 2.1],
          [3, 4],
        ],
      ),
    ).toMatch(/2 of 4 .* worst at \[1, 1\]: 5, expected 4/);
  });

  it('never lets NaN or an infinity pass for a number', () => {
    expect(closeMismatch([NaN], [0])).toMatch(/worst at \[0\]: NaN/);
    expect(closeMismatch([0], [NaN])).toMatch(/expected NaN/);
    expect(closeMismatch([Infinity], [-Infinity])).toMatch(/Infinity/);
    expect(closeMismatch([1e38], [Infinity])).toMatch(/Infinity/);
  });

  it('refuses ragged arrays', () => {
    expect(() => closeMismatch([[1, 2], [3]], [0])).toThrow('ragged');
  });
});

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor';
import type { NdArray } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { hashArray } from '../../../../../test/golden/vision/hash-fill.js';
import { gridPositions } from './grid-positions.js';
import { resizePositions } from './resize-positions.js';

interface Golden {
  readonly seed: number;
  readonly dim: number;
  readonly cases: { from: [number, number]; to: [number, number]; antialias: boolean; values: number[] }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/positions.json', import.meta.url), 'utf8'),
) as Golden;

/** The golden's grid behind a class token's position of 7. */
function withClassToken([rows, columns]: readonly [number, number]): NdArray<Float32Array> {
  const { data } = hashArray([1, rows * columns, golden.dim], golden.seed);
  const all = new Float32Array(data.length + golden.dim).fill(7);
  all.set(data, golden.dim);
  return { data: all, shape: [1, 1 + rows * columns, golden.dim] };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThan(1e-6));
}

describe('resizePositions', () => {
  it.each(golden.cases)('equals PyTorch: $from to $to, antialias $antialias', ({ from, to, antialias, values }) => {
    const { data, shape } = resizePositions(withClassToken(from), { from, to, antialias });
    expect(shape).toEqual([1, 1 + to[0] * to[1], golden.dim]);
    expectClose(data, [7, 7, 7, ...values]);
    const alone = { ...hashArray([1, from[0] * from[1], golden.dim], golden.seed) };
    expectClose(resizePositions(alone, { from, to, antialias, prefix: 0 }).data, values);
  });

  it.each(golden.cases.filter(({ antialias }) => antialias))(
    'equals PyTorch as a product: $from to $to',
    ({ from, to, values }) => {
      const { data, shape } = withClassToken(from);
      const resized = gridPositions(tf.tensor3d(data, shape as [number, number, number]), from, to);
      expect(resized.shape).toEqual([1, 1 + to[0] * to[1], golden.dim]);
      resized.dataSync().forEach((value, i) => expect(value).toBeCloseTo([7, 7, 7, ...values][i]!, 5));
    },
  );

  it('leaves a grid of that size as it is, and takes a square where it is not told', () => {
    const square = withClassToken([3, 3]);
    expect(resizePositions(square, { to: [3, 3] })).toEqual(square);
    expect(resizePositions(square, { to: [2, 5] })).toEqual(resizePositions(square, { from: [3, 3], to: [2, 5] }));
  });

  it('refuses what is no such grid', () => {
    expect(() => resizePositions(withClassToken([2, 3]), { to: [2, 2] })).toThrow(ShapeError);
    expect(() => resizePositions(withClassToken([2, 3]), { to: [2, 2] })).toThrow('from: [rows, columns]');
    expect(() => resizePositions(withClassToken([2, 3]), { from: [3, 3], to: [2, 2] })).toThrow(ShapeError);
    expect(() => resizePositions(withClassToken([2, 2]), { to: [0, 2] })).toThrow(InvalidOptionError);
    expect(() => resizePositions(withClassToken([2, 2]), { to: [2, 2], prefix: -1 })).toThrow(InvalidOptionError);
  });
});

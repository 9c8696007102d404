import fc from 'fast-check';
import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { accuracy } from './accuracy.js';
import { confusionMatrix } from './confusion-matrix.js';
import { perClassMetrics } from './per-class-metrics.js';
import { topKAccuracy } from './top-k-accuracy.js';

const predictions = Int32Array.of(0, 1, 1, 2, 0, 0);
const labels = Int32Array.of(0, 1, 2, 2, 1, 0);

it('accuracy', () => {
  expect(accuracy(predictions, labels)).toBeCloseTo(4 / 6, 12);
  expect(() => accuracy(predictions, labels.subarray(1))).toThrow(ShapeError);
  expect(() => accuracy(new Int32Array(0), new Int32Array(0))).toThrow(ShapeError);
});

it('confusionMatrix has true classes in rows', () => {
  const { data, shape } = confusionMatrix(predictions, labels);
  expect(shape).toEqual([3, 3]);
  expect(Array.from(data)).toEqual([2, 0, 0, 1, 1, 0, 0, 1, 1]);
  expect(confusionMatrix(predictions, labels, 4).shape).toEqual([4, 4]);
  expect(() => confusionMatrix(predictions, labels, 2)).toThrow(DataError);
});

it('perClassMetrics', () => {
  const [zero, one] = perClassMetrics(confusionMatrix(predictions, labels, 4));
  expect(zero).toEqual({ precision: 2 / 3, recall: 1, f1: 0.8, support: 2 });
  expect(one).toEqual({ precision: 0.5, recall: 0.5, f1: 0.5, support: 2 });
  expect(perClassMetrics(confusionMatrix(predictions, labels, 4))[3]).toEqual({
    precision: 0,
    recall: 0,
    f1: 0,
    support: 0,
  });
});

describe('topKAccuracy', () => {
  const scores = { data: Float32Array.of(3, 2, 1, 1, 2, 3), shape: [2, 3] };

  it('counts labels among the k highest', () => {
    expect([1, 2, 3].map((k) => topKAccuracy(scores, Int32Array.of(1, 0), k))).toEqual([0, 0.5, 1]);
  });

  it('does not reward constant scores', () => {
    const flat = { data: new Float32Array(12), shape: [4, 3] };
    expect(topKAccuracy(flat, Int32Array.of(2, 2, 2, 0), 1)).toBe(0.25);
  });

  it('never counts a class without a vote', () => {
    // One vote in ten, the label among the first five by number alone: 5 of 10 labels were right.
    const rows = Array.from({ length: 10 }, () => [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]).flat();
    const one = { data: Float32Array.from(rows), shape: [10, 10] };
    const every = Int32Array.from({ length: 10 }, (_, label) => label);
    expect([1, 5, 10].map((k) => topKAccuracy(one, every, k))).toEqual([0.1, 0.1, 0.1]);
    const shares = { data: Float32Array.of(0.5, 0.25, 0, 0.25, 0), shape: [1, 5] };
    const hit = (label: number, k: number): number => topKAccuracy(shares, Int32Array.of(label), k);
    expect([0, 1, 2, 3, 4].map((label) => hit(label, 5))).toEqual([1, 1, 0, 1, 0]);
  });

  it('gives ties to the lower class, and takes a logit of 0 for a number', () => {
    const tied = { data: Float32Array.of(0.4, 0.2, 0.2, 0.2), shape: [1, 4] };
    expect([0, 1, 2, 3].map((label) => topKAccuracy(tied, Int32Array.of(label), 2))).toEqual([1, 1, 0, 0]);
    const logits = { data: Float32Array.of(-1, 0, -2, 0), shape: [1, 4] };
    expect([0, 1, 2, 3].map((label) => topKAccuracy(logits, Int32Array.of(label), 2))).toEqual([0, 1, 0, 1]);
  });

  it('refuses NaN', () => {
    const broken = { data: Float32Array.of(1, NaN, 0), shape: [1, 3] };
    expect(() => topKAccuracy(broken, Int32Array.of(0), 1)).toThrow('scores holds NaN in row 0');
  });

  it('equals accuracy of the arg max at k = 1', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 4, maxLength: 4 }), fc.nat(3)),
          { minLength: 1, maxLength: 20 },
        ),
        (rows) => {
          const own = { data: Float32Array.from(rows.flatMap(([values]) => values)), shape: [rows.length, 4] };
          const truth = Int32Array.from(rows, ([, label]) => label);
          const best = Int32Array.from(rows, ([values]) => values.indexOf(Math.max(...values)));
          expect(topKAccuracy(own, truth, 1)).toBe(accuracy(best, truth));
        },
      ),
      { seed: 3, numRuns: 50 },
    );
  });

  it('refuses k beyond the classes', () => {
    expect(() => topKAccuracy(scores, Int32Array.of(1, 0), 4)).toThrow(InvalidOptionError);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { DataError, InvalidOptionError, type NdArray, ShapeError } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { macroF1 } from './macro-f1.js';
import { matthewsCorrelation } from './matthews-correlation.js';
import { ndcgAtK } from './ndcg-at-k.js';
import { recallAtK } from './recall-at-k.js';
import { spearmanCorrelation } from './spearman-correlation.js';

interface Golden {
  readonly classes: { predictions: number[]; labels: number[]; macroF1: number; mcc: number }[];
  readonly ranks: { a: number[]; b: number[]; spearman: number }[];
  readonly retrieval: {
    shape: number[];
    k: number;
    scores: number[];
    relevances: number[];
    ndcg: number;
    recall: number;
  }[];
}

const file = join(import.meta.dirname, '../../../../test/golden/transfer/metrics.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
const matrix = (values: readonly number[], shape: readonly number[]): NdArray<Float32Array> => ({
  data: Float32Array.from(values),
  shape,
});

describe('against sklearn and scipy', () => {
  it.each(golden.classes)('macro-F1 and MCC, case %#', ({ predictions, labels, macroF1: f1, mcc }) => {
    const [p, l] = [Int32Array.from(predictions), Int32Array.from(labels)];
    expect(macroF1(p, l)).toBeCloseTo(f1, 12);
    expect(matthewsCorrelation(p, l)).toBeCloseTo(mcc, 12);
  });

  it.each(golden.ranks)('Spearman, case %#', ({ a, b, spearman }) => {
    expect(spearmanCorrelation(a, b)).toBeCloseTo(spearman, 12);
  });

  it.each(golden.retrieval)('nDCG and recall at k, case %#', ({ shape, k, scores, relevances, ndcg, recall }) => {
    expect(ndcgAtK(matrix(scores, shape), matrix(relevances, shape), k)).toBeCloseTo(ndcg, 6);
    expect(recallAtK(matrix(scores, shape), matrix(relevances, shape), k)).toBeCloseTo(recall, 12);
  });
});

describe("the examples of sklearn's and scipy's documentation", () => {
  it('macro-F1, MCC, Spearman and nDCG', () => {
    expect(macroF1(Int32Array.of(0, 2, 1, 0, 0, 1), Int32Array.of(0, 1, 2, 0, 1, 2))).toBeCloseTo(0.26666, 4);
    expect(matthewsCorrelation(Int32Array.of(1, 0, 1, 1), Int32Array.of(1, 1, 1, 0))).toBeCloseTo(-0.33, 2);
    expect(spearmanCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12);
    const [scores, relevances] = [matrix([0.1, 0.2, 0.3, 4, 70], [1, 5]), matrix([10, 0, 0, 1, 5], [1, 5])];
    expect(ndcgAtK(scores, relevances, 5)).toBeCloseTo(0.6957, 4);
    expect(ndcgAtK(matrix([0.05, 1.1, 1, 0.5, 0], [1, 5]), relevances, 4)).toBeCloseTo(0.352, 4);
  });
});

describe('by their definitions', () => {
  it('macro-F1 and MCC equal loops over the classes', () => {
    const pairs = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 25 });
    fc.assert(
      fc.property(pairs, (rows) => {
        const [p, l] = [rows.map(([a]) => a), rows.map(([, b]) => b)];
        const classes = [...new Set([...p, ...l])];
        const count = (is: (a: number, b: number) => boolean): number => rows.filter(([a, b]) => is(a, b)).length;
        const f1s = classes.map((c) => {
          const right = count((a, b) => a === c && b === c);
          return (2 * right) / (count((a) => a === c) + count((_, b) => b === c));
        });
        expect(macroF1(Int32Array.from(p), Int32Array.from(l))).toBeCloseTo(
          f1s.reduce((sum, f1) => sum + f1, 0) / f1s.length,
          12,
        );
        // Correlation of the indicators of all classes.
        const share = (values: readonly number[], c: number): number =>
          values.filter((value) => value === c).length / rows.length;
        const covariance = (x: readonly number[], y: readonly number[]): number =>
          classes
            .map((c) =>
              rows.reduce(
                (sum, _, i) => sum + (Number(x[i] === c) - share(x, c)) * (Number(y[i] === c) - share(y, c)),
                0,
              ),
            )
            .reduce((sum, value) => sum + value, 0);
        const spread = Math.sqrt(covariance(p, p) * covariance(l, l));
        const expected = spread < 1e-12 ? 0 : covariance(p, l) / spread;
        expect(matthewsCorrelation(Int32Array.from(p), Int32Array.from(l))).toBeCloseTo(expected, 10);
      }),
      { seed: 4, numRuns: 50 },
    );
  });

  it('MCC is 0 where all is one class, and 1 and -1 at the ends', () => {
    const [zeros, mixed] = [new Int32Array(4), Int32Array.of(0, 1, 0, 1)];
    expect(matthewsCorrelation(zeros, mixed)).toBe(0);
    expect(matthewsCorrelation(mixed, zeros)).toBe(0);
    expect(matthewsCorrelation(mixed, mixed)).toBe(1);
    expect(matthewsCorrelation(Int32Array.of(1, 0, 1, 0), mixed)).toBe(-1);
  });

  it('Spearman does not change under any growing function, and turns with a falling one', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(numbers, (values) => {
        const other = values.map((value, index) => value * (index % 3) - index);
        if (new Set(other).size === 1) return;
        const plain = spearmanCorrelation(values, other);
        expect(
          spearmanCorrelation(
            values.map((value) => value ** 3),
            other,
          ),
        ).toBeCloseTo(plain, 10);
        expect(
          spearmanCorrelation(
            values.map((value) => -value),
            other,
          ),
        ).toBeCloseTo(-plain, 10);
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  it('equal scores go to the document that stands first', () => {
    const flat = matrix([1, 1, 1], [1, 3]);
    expect(
      [0, 1, 2].map((best) =>
        recallAtK(
          flat,
          matrix(
            [0, 1, 2].map((i) => Number(i === best)),
            [1, 3],
          ),
          1,
        ),
      ),
    ).toEqual([1, 0, 0]);
  });
});

describe('refuses', () => {
  const [two, three] = [Int32Array.of(0, 1), Int32Array.of(0, 1, 1)];

  it('labels that do not fit', () => {
    for (const metric of [macroF1, matthewsCorrelation]) {
      expect(() => metric(two, three)).toThrow(ShapeError);
      expect(() => metric(new Int32Array(0), new Int32Array(0))).toThrow(ShapeError);
      expect(() => metric(two, Int32Array.of(0, -1))).toThrow(DataError);
      expect(() => metric(two, undefined as never)).toThrow(InvalidOptionError);
    }
  });

  it('numbers without ranks', () => {
    expect(() => spearmanCorrelation([1, 2], [1, 2, 3])).toThrow(ShapeError);
    expect(() => spearmanCorrelation([1], [1])).toThrow(ShapeError);
    expect(() => spearmanCorrelation([1, NaN], [1, 2])).toThrow('a holds NaN at 1');
    expect(() => spearmanCorrelation([1, 2, 3], [4, 4, 4])).toThrow('all numbers of b are equal');
    expect(() => spearmanCorrelation('12' as never, [1, 2])).toThrow(InvalidOptionError);
  });

  it('relevances that do not fit, and queries that nothing answers', () => {
    const scores = matrix([3, 2, 1, 1, 2, 3], [2, 3]);
    for (const metric of [ndcgAtK, recallAtK]) {
      expect(() => metric(scores, matrix([1, 0, 0], [1, 3]), 1)).toThrow(DataError);
      expect(() => metric(scores, matrix([1, 0, 0, 0, 0, 0], [2, 3]), 1)).toThrow('query 1 has no relevant document');
      expect(() => metric(scores, matrix([1, 0, 0, 1, -1, 0], [2, 3]), 1)).toThrow('negative number in row 1');
      expect(() => metric(scores, matrix([1, 0, 0, 1, 0, 0], [2, 3]), 4)).toThrow(InvalidOptionError);
      expect(() => metric(scores, matrix([1, 0], [2, 1]), 1)).toThrow(ShapeError);
      expect(() => metric(matrix([NaN, 1], [1, 2]), matrix([1, 1], [1, 2]), 1)).toThrow('scores holds NaN');
    }
  });
});

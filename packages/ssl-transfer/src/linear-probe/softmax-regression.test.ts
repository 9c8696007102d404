import fc from 'fast-check';
import { RandomStream, randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import { SoftmaxRegression } from './softmax-regression.js';

function problem(
  rows: number,
  dim: number,
  classes: number,
  seed: number,
): { regression: SoftmaxRegression; direction: Float64Array; x: Float64Array; labels: Int32Array } {
  const stream = new RandomStream(randomKey(seed));
  const x = Float64Array.from({ length: rows * dim }, () => stream.normal());
  const labels = Int32Array.from({ length: rows }, () => stream.integer(classes));
  const direction = Float64Array.from({ length: classes * (dim + 1) }, () => stream.normal());
  return { regression: new SoftmaxRegression(x, labels, dim, classes, 0.05), direction, x, labels };
}

/** The definition, one sample and class at a time. */
function naiveLoss(
  unknowns: Float64Array,
  x: Float64Array,
  labels: Int32Array,
  dim: number,
  classes: number,
  l2: number,
): number {
  let loss = 0;
  labels.forEach((label, i) => {
    const logits = Array.from({ length: classes }, (_, c) => {
      let z = unknowns[classes * dim + c]!;
      for (let j = 0; j < dim; j++) z += unknowns[c * dim + j]! * x[i * dim + j]!;
      return z;
    });
    loss -= Math.log(Math.exp(logits[label]!) / logits.reduce((sum, z) => sum + Math.exp(z), 0)) / labels.length;
  });
  for (let j = 0; j < classes * dim; j++) loss += l2 * unknowns[j]! ** 2;
  return loss;
}

it('value, slope and gradient equal the definition and its finite differences, at any size', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 11 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(999),
      (rows, dim, classes, seed) => {
        const { regression, direction, x, labels } = problem(rows, dim, classes, seed);
        const along = regression.along(direction);
        const at = (step: number): number =>
          naiveLoss(
            direction.map((d) => step * d),
            x,
            labels,
            dim,
            classes,
            0.05,
          );
        expect(along(0.7).value).toBeCloseTo(at(0.7), 10);
        expect(along(0.7).slope).toBeCloseTo((at(0.7 + 1e-5) - at(0.7 - 1e-5)) / 2e-5, 5);
        regression.advance(0.7);
        const gradient = new Float64Array(regression.size);
        expect(regression.evaluate(gradient)).toBeCloseTo(at(0.7), 10);
        for (let j = 0; j < regression.size; j++) {
          const moved = (by: number): number => {
            const point = regression.unknowns.slice();
            point[j] = point[j]! + by;
            return naiveLoss(point, x, labels, dim, classes, 0.05);
          };
          expect(gradient[j]).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
        }
      },
    ),
    { seed: 5, numRuns: 40 },
  );
});

it('stays finite at logits of 1e4', () => {
  const { regression, direction } = problem(6, 3, 3, 1);
  regression.along(direction);
  regression.advance(1e4);
  const gradient = new Float64Array(regression.size);
  expect(regression.evaluate(gradient)).toBeGreaterThan(0);
  expect(gradient.every(Number.isFinite)).toBe(true);
});

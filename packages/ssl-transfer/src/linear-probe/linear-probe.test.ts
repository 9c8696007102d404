import { readFileSync } from 'node:fs';
import { DataError, InvalidOptionError, RandomStream, ShapeError, randomKey } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import { linearProbe } from './linear-probe.js';

interface Golden {
  readonly reference: number[];
  readonly train: number[];
  readonly labels: number[];
  readonly test: number[];
  readonly dim: number;
  readonly classes: number;
  readonly cases: { l2: number; standardise: boolean; loss: number; centredLogits: number[]; predictions: number[] }[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../test/golden/transfer/linear-probe.json', import.meta.url), 'utf8'),
) as Golden;
const matrix = (values: number[]): { data: Float32Array; shape: number[] } => ({
  data: Float32Array.from(values),
  shape: [values.length / golden.dim, golden.dim],
});
const train = matrix(golden.train);
const test = matrix(golden.test);
const trainLabels = Int32Array.from(golden.labels);

describe('linearProbe', () => {
  it.each(golden.cases)(
    'reaches the minimum that torch finds: l2 $l2, standardise $standardise',
    ({ l2, standardise, loss, centredLogits, predictions }) => {
      const result = linearProbe({
        train,
        trainLabels,
        test,
        reference: matrix(golden.reference),
        l2,
        standardise,
        gradientTolerance: 1e-8,
      });
      expect(result.converged).toBe(true);
      expect(Math.abs(result.loss - loss)).toBeLessThan(1e-8);
      expect(Array.from(result.predictions)).toEqual(predictions);
      // The biases are determined up to a common constant, so logits are compared about their mean.
      for (let row = 0; row < result.predictions.length; row++) {
        const logits = result.logits.data.subarray(row * 3, row * 3 + 3);
        const mean = (logits[0]! + logits[1]! + logits[2]!) / 3;
        logits.forEach((logit, c) => expect(logit - mean).toBeCloseTo(centredLogits[row * 3 + c]!, 3));
      }
    },
  );

  it('converges by default, and its raw weights give its logits', () => {
    const result = linearProbe({
      train,
      trainLabels,
      test,
      testLabels: Int32Array.from({ length: 15 }, (_, i) => i % 3),
    });
    expect(result.gradientNorm).toBeLessThan(1e-5);
    expect(result.accuracy).toBeGreaterThan(0.6);
    for (let row = 0; row < 15; row++) {
      for (let c = 0; c < 3; c++) {
        let logit = result.bias.data[c]!;
        for (let j = 0; j < golden.dim; j++)
          logit += result.weight.data[c * golden.dim + j]! * test.data[row * golden.dim + j]!;
        expect(result.logits.data[row * 3 + c]).toBeCloseTo(logit, 4);
      }
    }
  });

  it('bears a constant feature, a duplicate and a scale of 1e6', () => {
    const stream = new RandomStream(randomKey(3));
    const labels = Int32Array.from({ length: 30 }, (_, i) => i % 2);
    const rows = Array.from(labels, (label) => {
      const a = stream.normal(label * 3);
      return [a, a, 5, 1e6 * stream.normal()];
    });
    const features = { data: Float32Array.from(rows.flat()), shape: [30, 4] };
    const result = linearProbe({ train: features, trainLabels: labels, test: features, testLabels: labels });
    expect(result.converged).toBe(true);
    expect(result.accuracy).toBeGreaterThan(0.85);
  });

  it('says when it did not converge', () => {
    expect(linearProbe({ train, trainLabels, test, maxIterations: 2 }).converged).toBe(false);
  });

  it('refuses what does not fit', () => {
    expect(() => linearProbe({ train, trainLabels: trainLabels.subarray(1), test })).toThrow(ShapeError);
    expect(() => linearProbe({ train, trainLabels, test: { data: new Float32Array(5), shape: [1, 5] } })).toThrow(
      ShapeError,
    );
    expect(() => linearProbe({ train, trainLabels, test, classes: 2 })).toThrow(DataError);
    expect(() => linearProbe({ train, trainLabels, test, l2: -1 })).toThrow(InvalidOptionError);
  });
});

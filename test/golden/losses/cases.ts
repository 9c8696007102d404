import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { describe, expect, it } from 'vitest';
import '../../support/to-be-all-close.js';
import { finiteDifferences, lossAndGradients } from './golden.js';
import { withHalf } from './half.js';

/** An array in a file of goldens. */
export interface CaseArray {
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: number[];
}

/** What cases.py writes: a loss of inputs that have gradients and of constants that have none. */
export interface LossCase {
  readonly options: Readonly<Record<string, number | boolean | string>>;
  readonly inputs: CaseArray[];
  readonly constants: CaseArray[];
  readonly loss: number;
  readonly gradients: CaseArray[];
}

export type Rows = number[][];

export const readGoldens = <T extends object>(file: string): T =>
  withHalf(file, JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as T);

const modes = ['eager', 'compiled'] as const;

export const tensor = ({ data, shape, dtype }: CaseArray): tf.Tensor => tf.tensor(data, shape, dtype);

/** Normal numbers from a seed. */
export const draw = (seed: number, rows: number, columns: number, scale = 1): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => scale * random.normal()));
};

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
export const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((value, i) => value * b[i]!));

/** `log softmax` of one row. */
export const logSoftmax = (row: readonly number[]): number[] => {
  const largest = Math.max(...row);
  const total = largest + Math.log(sum(row.map((x) => Math.exp(x - largest))));
  return row.map((x) => x - total);
};

/** Float32 errors of a sum scale with its largest term: an absolute tolerance of `share` of the largest magnitude. */
const ofLargest = (expected: readonly number[], share: number): { rtol: number; atol: number } => ({
  rtol: 0,
  atol: Math.max(share * Math.max(0, ...expected.map(Math.abs)), 1e-9),
});

/** Values to 1e-5 and gradients to `share` of the largest magnitude among them, eagerly and compiled. */
export function describeGoldens(
  name: string,
  cases: readonly LossCase[],
  loss: (inputs: tf.Tensor[], constants: tf.Tensor[], options: LossCase['options']) => tf.Scalar,
  share = 1e-5,
): void {
  describe.each(modes)(`${name} against the reference, %s`, (mode) => {
    it.each(cases.map((_, index) => index))('case %i', async (index) => {
      const golden = cases[index]!;
      const [value, ...gradients] = await lossAndGradients(
        mode,
        (...inputs) => loss(inputs, golden.constants.map(tensor), golden.options),
        golden.inputs.map(tensor) as tf.Tensor2D[],
      );
      expect(value!).toBeAllClose(golden.loss, { rtol: 1e-5, atol: 1e-6 });
      const tolerance = ofLargest(
        golden.gradients.flatMap(({ data }) => data),
        share,
      );
      gradients.forEach((gradient, i) => expect(gradient).toBeAllClose(golden.gradients[i]!, tolerance));
    });
  });
}

/** A loss agrees with its naive form in float64, and its gradient with that one's finite differences. */
export async function expectAsNaive(
  loss: (x: tf.Tensor2D) => tf.Scalar,
  naive: (x: Rows) => number,
  x: Rows,
  share = 1e-5,
): Promise<void> {
  const slope = finiteDifferences(naive, x);
  for (const mode of modes) {
    const [value, gradient] = await lossAndGradients(mode, (input) => loss(input!), [tf.tensor2d(x)]);
    expect(value!).toBeAllClose(naive(x), { rtol: 1e-5, atol: 1e-6 });
    expect(gradient!).toBeAllClose(slope, ofLargest(slope.flat(), share));
  }
}

/** A loss and its gradients are finite, eagerly and compiled; returns the eager value. */
export async function expectFinite(
  loss: (...inputs: tf.Tensor2D[]) => tf.Scalar,
  ...inputs: readonly Rows[]
): Promise<number> {
  const values: number[] = [];
  for (const mode of modes) {
    const tensors = await lossAndGradients(
      mode,
      loss,
      inputs.map((rows) => tf.tensor2d(rows)),
    );
    for (const each of tensors) expect([...each.dataSync()].filter((value) => !Number.isFinite(value))).toEqual([]);
    values.push(tensors[0]!.dataSync()[0]!);
  }
  return values[0]!;
}

/** Inputs at which losses tend to break, `[rows, columns]`. */
export const extremes = (rows: number, columns: number): readonly (readonly [name: string, x: Rows])[] => [
  ['identical rows', Array.from({ length: rows }, () => Array.from({ length: columns }, (_, i) => i + 1))],
  ['zeros', Array.from({ length: rows }, () => Array.from({ length: columns }, () => 0))],
  ['magnitudes of 1e-4', draw(71, rows, columns, 1e-4)],
  ['magnitudes of 6e4', draw(72, rows, columns, 6e4)],
];

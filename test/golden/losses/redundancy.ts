import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { expect } from 'vitest';
import '../../support/to-be-all-close.js';
import { lossAndGradients } from './golden.js';
import { withHalf } from './half.js';

interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenCase {
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly inputs: GoldenArray[];
  readonly loss: number;
  readonly gradients: GoldenArray[];
}

type WithDirections = GoldenCase & { readonly directions: GoldenArray };
type WithNegatives = GoldenCase & { readonly negatives?: GoldenArray };

interface Redundancy {
  readonly negativeCosine: readonly GoldenCase[];
  readonly barlowTwins: readonly GoldenCase[];
  readonly vicreg: readonly GoldenCase[];
  readonly hypersphere: readonly GoldenCase[];
  readonly tico: readonly { readonly steps: readonly (GoldenCase & { readonly covariance: GoldenArray })[] }[];
  readonly frossl: readonly GoldenCase[];
  readonly sigReg: readonly WithDirections[];
  readonly leJEPA: readonly WithDirections[];
  readonly leWM: readonly WithDirections[];
  readonly visReg: readonly WithDirections[];
  readonly empSSL: readonly GoldenCase[];
  readonly wMSE: readonly (GoldenCase & { readonly mean: GoldenArray; readonly covariance: GoldenArray })[];
  readonly mmcr: readonly GoldenCase[];
  readonly directCLR: readonly WithNegatives[];
  readonly co2: readonly WithNegatives[];
}

/** Made by generate_redundancy.py in float64. */
export const redundancy = withHalf(
  'redundancy.json',
  JSON.parse(readFileSync(new URL('redundancy.json', import.meta.url), 'utf8')) as Redundancy,
);

export type Rows = number[][];
export type Mode = 'eager' | 'compiled';

export const array = ({ data, shape }: GoldenArray): tf.Tensor => tf.tensor(data, shape, 'float32');

export const draw = (seed: number, rows: number, dim: number, scale = 1): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () => Array.from({ length: dim }, () => scale * random.normal()));
};

export const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
export const transposed = (rows: Rows): Rows => rows[0]!.map((_, column) => rows.map((row) => row[column]!));
export const unit = (row: readonly number[]): number[] => row.map((x) => x / Math.sqrt(dot(row, row)));

/** `share` of the largest magnitude as an absolute tolerance: float32 errors of a sum scale with its largest term. */
export const ofLargest = (expected: readonly number[], share: number): { rtol: number; atol: number } => ({
  rtol: 0,
  atol: Math.max(share * expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0), 1e-9),
});

/** The loss of a golden to 1e-5, and its gradients to `share` of the largest magnitude among them. */
export async function expectGolden(
  mode: Mode,
  golden: GoldenCase,
  loss: (...inputs: tf.Tensor[]) => tf.Scalar,
  share = 1e-5,
): Promise<void> {
  const [value, ...gradients] = await lossAndGradients(mode, loss, golden.inputs.map(array) as tf.Tensor2D[]);
  expect(value!).toBeAllClose(golden.loss, { rtol: 1e-5, atol: 1e-6 });
  const tolerance = ofLargest(
    golden.gradients.flatMap(({ data }) => data),
    share,
  );
  gradients.forEach((gradient, i) => expect(gradient).toBeAllClose(golden.gradients[i]!, tolerance));
}

/** Inputs at which losses tend to break, `[rows, 3]`. */
export const extremes = (rows: number): readonly (readonly [name: string, z: Rows])[] => [
  ['identical rows', Array.from({ length: rows }, () => [1, 2, 3])],
  ['zero rows', Array.from({ length: rows }, () => [0, 0, 0])],
  ['one live column', draw(70, rows, 3).map(([a]) => [a!, 0, 0])],
  ['magnitudes of 1e-4', draw(71, rows, 3, 1e-4)],
  ['magnitudes of 6e4', draw(72, rows, 3, 6e4)],
];

/** The loss and its gradients are finite, eagerly and compiled; returns the eager loss. */
export async function expectFinite(
  loss: (...inputs: tf.Tensor2D[]) => tf.Scalar,
  inputs: readonly Rows[],
): Promise<number> {
  const tensors = inputs.map((rows) => tf.tensor2d(rows));
  const [eager, compiled] = [
    await lossAndGradients('eager', loss, tensors),
    await lossAndGradients('compiled', loss, tensors),
  ];
  for (const tensor of [...eager, ...compiled]) expect(tensor.dataSync().every(Number.isFinite)).toBe(true);
  return eager[0]!.dataSync()[0]!;
}

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey, RandomStream } from '@selfsup/ssl-tensor/host';
import { expect } from 'vitest';
import '../../support/to-be-all-close.js';
import { finiteDifferences, lossAndGradients } from './golden.js';
import { withHalf } from './half.js';

interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenCase<Options> {
  readonly options: Options;
  readonly inputs: GoldenArray[];
  readonly loss: number;
  readonly gradients: GoldenArray[];
}

type Cases<Options = object, Extra extends string = never> = readonly (GoldenCase<Options> &
  Readonly<Record<Extra, GoldenArray>>)[];

interface Contrastive {
  readonly ntXent: Cases<{ temperature: number }>;
  readonly dcl: Cases<{ temperature: number }>;
  readonly weightedDcl: Cases<{ temperature: number }>;
  readonly dclw: Cases<{ temperature: number; sigma: number }>;
  readonly macl: Cases<{ temperature: number; alpha: number; a0: number }>;
  readonly supCon: Cases<
    { views: number; temperature: number; baseTemperature: number; contrastMode: 'all' | 'one' },
    'labels'
  >;
  readonly clip: Cases;
  readonly siglip: Cases;
  readonly simcse: Cases<{ temperature: number }>;
  readonly simcseHard: Cases<{ temperature: number; hardNegativeWeight: number }>;
  readonly cpc: Cases<{ negatives: 'samples' | 'places' | 'all'; temperature: number }>;
  readonly skipGram: Cases;
  readonly cbow: Cases<{ combine: 'mean' | 'sum' }, 'mask'>;
  readonly amdim: Cases<{ tanhClip: number; scoreRegularization: number }, 'firstSource' | 'secondSource' | 'parts'>;
  readonly nnclr: Cases<{ temperature: number; negatives: 'predictions' | 'all' }, 'support' | 'nearest'>;
  readonly memoryBank: readonly {
    readonly start: GoldenArray;
    readonly steps: readonly { rows: GoldenArray; before: GoldenArray; after: GoldenArray; pointer: number }[];
  }[];
}

/** Made by generate_contrastive.py in float64. */
export const contrastive = withHalf(
  'contrastive.json',
  JSON.parse(readFileSync(new URL('contrastive.json', import.meta.url), 'utf8')) as Contrastive,
);

export type Rows = number[][];
type Mode = 'eager' | 'compiled';
export const modes: readonly Mode[] = ['eager', 'compiled'];

export const array = ({ data, shape }: GoldenArray): tf.Tensor => tf.tensor(data, shape, 'float32');
export const whole = ({ data, shape }: GoldenArray): tf.Tensor => tf.tensor(data, shape, 'int32');

export const draw = (seed: number, rows: number, dim: number, scale = 1): Rows => {
  const random = new RandomStream(randomKey(seed));
  return Array.from({ length: rows }, () => Array.from({ length: dim }, () => scale * random.normal()));
};

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
export const dot = (a: readonly number[], b: readonly number[]): number => sum(a.map((value, i) => value * b[i]!));
const unit = (row: readonly number[]): number[] => row.map((x) => x / Math.max(Math.sqrt(dot(row, row)), 1e-6));
export const cosine = (a: readonly number[], b: readonly number[]): number => dot(unit(a), unit(b));
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
export const logSumExp = (values: readonly number[]): number => {
  const largest = Math.max(...values);
  return largest + Math.log(sum(values.map((value) => Math.exp(value - largest))));
};

/** `share` of the largest magnitude as an absolute tolerance: float32 errors of a sum scale with its largest term. */
const ofLargest = (expected: readonly number[], share: number): { rtol: number; atol: number } => ({
  rtol: 0,
  atol: Math.max(share * expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0), 1e-9),
});

/** The loss of a golden to 1e-5, and its gradients to `share` of the largest magnitude among those of a tensor. */
export async function expectGolden(
  mode: Mode,
  golden: GoldenCase<object>,
  loss: (...inputs: tf.Tensor[]) => tf.Scalar,
  share = 1e-5,
): Promise<void> {
  const [value, ...gradients] = await lossAndGradients(mode, loss, golden.inputs.map(array) as tf.Tensor2D[]);
  expect(value!).toBeAllClose(golden.loss, { rtol: 1e-5, atol: 1e-6 });
  gradients.forEach((gradient, i) =>
    expect(gradient).toBeAllClose(golden.gradients[i]!, ofLargest(golden.gradients[i]!.data, share)),
  );
}

/** The gradients of a loss are those of float64 finite differences of `naive`, to `share` of the largest one. */
export async function expectSlopes(
  loss: (...inputs: tf.Tensor2D[]) => tf.Scalar,
  naive: (...inputs: Rows[]) => number,
  inputs: readonly Rows[],
  share = 2e-5,
): Promise<void> {
  const [value, ...gradients] = await lossAndGradients(
    'eager',
    loss,
    inputs.map((rows) => tf.tensor2d(rows)),
  );
  expect(value!).toBeAllClose(naive(...inputs), { rtol: 1e-5, atol: 1e-5 });
  gradients.forEach((gradient, at) => {
    const slopes = finiteDifferences(
      (rows) => naive(...inputs.map((input, i) => (i === at ? rows : input))),
      inputs[at]!,
    );
    expect(gradient).toBeAllClose(slopes, ofLargest(slopes.flat(), share));
  });
}

/** Inputs at which losses tend to break, `[rows, 3]`. */
export const extremes = (rows: number): readonly (readonly [name: string, z: Rows])[] => [
  ['identical rows', Array.from({ length: rows }, () => [1, 2, 3])],
  ['zero rows', Array.from({ length: rows }, () => [0, 0, 0])],
  ['opposite rows', Array.from({ length: rows }, (_, i) => (i % 2 === 0 ? [1, 2, 3] : [-1, -2, -3]))],
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
  expect(compiled[0]!).toBeAllClose(eager[0]!, { rtol: 1e-5, atol: 1e-5 });
  return eager[0]!.dataSync()[0]!;
}

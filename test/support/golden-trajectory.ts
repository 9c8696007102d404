/** 100 steps of an optimiser on the problem of test/golden/train/trajectory.py, beside what a reference did there. */
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import type { Optimizer, ParameterGroup } from '@selfsup/ssl-train';
import golden from '../golden/train/optimizers.json' with { type: 'json' };
import './to-be-all-close.js';

interface Described {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

/** What a reference's run holds: losses before and parameters after the steps that were kept. */
export interface Trajectory {
  readonly loss: readonly number[];
  readonly matrix: readonly (readonly number[])[];
  readonly bias: readonly (readonly number[])[];
  /** A filter `[out, in, height, width]`. */
  readonly kernel?: readonly (readonly number[])[];
}

/** How a run is made. */
export interface TrajectoryOptions {
  readonly compiled: boolean;
  readonly rtol?: number;
  /** Learning rate by step, counted from 0. */
  readonly rate?: (step: number) => number;
  /** Whether the bias lacks gradients at times. */
  readonly late?: boolean;
  /** What happens to gradients before the update. */
  readonly before?: (gradients: tf.NamedTensorMap) => tf.NamedTensorMap;
}

const tensor = ({ data, shape }: Described): tf.Tensor => tf.tensor([...data], [...shape]);

/** The generator's learning rate. */
export const rateAt = (step: number): number => 0.05 / (1 + step / 10);

const hasBiasGradient = (step: number): boolean => step >= 5 && step % 7 !== 3;

/** Parameters of the problem, and the loss with its gradients. */
export interface TrajectoryProblem {
  readonly parameters: Map<string, { readonly variable: tf.Variable }>;
  /** `turn` is the number of the filter's slope, `[1]` int32. */
  readonly gradients: (turn?: tf.Tensor1D) => { value: tf.Scalar; grads: tf.NamedTensorMap };
}

const [toHwio, toOihw] = [
  [2, 3, 1, 0],
  [3, 2, 0, 1],
];

/** `mean((x @ matrix + bias - y)^2)`, and of a filter `mean(kernel * slope)`. */
export function trajectoryProblem(names: readonly string[] = ['matrix', 'bias']): TrajectoryProblem {
  const { start, target } = golden;
  const starts: Record<string, () => tf.Tensor> = {
    matrix: () => tensor(start.matrix),
    bias: () => tensor(start.bias),
    kernel: () => tf.transpose(tensor(start.kernel), toHwio),
  };
  const parameters = new Map(
    names.map((name) => [name, { variable: tf.tidy(() => tf.variable(starts[name]!())) }] as const),
  );
  const [x, y] = [tensor(target.x) as tf.Tensor2D, tensor(target.y)];
  const slopes = tf.tidy(() => tf.transpose(tensor(target.slopes), [0, ...toHwio.map((axis) => axis + 1)]));
  const of = (name: string): tf.Tensor => parameters.get(name)!.variable;
  const loss = (slope: tf.Tensor): tf.Scalar => {
    const products = tf.add(tf.matMul(x, of('matrix') as tf.Tensor2D), of('bias'));
    const first = tf.mean(tf.squaredDifference(products, y)) as tf.Scalar;
    if (!parameters.has('kernel')) return first;
    return tf.add(first, tf.mean(tf.mul(of('kernel'), slope)));
  };
  const variables = [...parameters.values()].map(({ variable }) => variable);
  const first = tf.tensor1d([0], 'int32');
  const gradients = (turn: tf.Tensor1D = first) => {
    const slope = tf.squeeze(tf.gather(slopes, turn), [0]);
    return tf.variableGrads(() => loss(slope), variables);
  };
  return { parameters, gradients };
}

/** Expects an optimiser to go where the reference went. */
export async function expectTrajectory(
  make: (groups: readonly ParameterGroup[]) => Optimizer,
  expected: Trajectory,
  { compiled, rtol = 1e-5, rate = rateAt, late = false, before = (gradients) => gradients }: TrajectoryOptions,
): Promise<void> {
  const names = expected.kernel === undefined ? ['matrix', 'bias'] : ['matrix', 'bias', 'kernel'];
  const { parameters, gradients } = trajectoryProblem(names);
  const optimizer = make([{ parameters }]);
  const bias = parameters.get('bias')!.variable;
  const stepping = (withBias: boolean) => (given: tf.Scalar, turn: tf.Tensor1D) => {
    const { value, grads } = gradients(turn);
    const all = before(grads);
    const used = Object.entries(all).filter(([name]) => withBias || name !== bias.name);
    optimizer.apply(Object.fromEntries(used), given);
    return value;
  };
  const [whole, without] = [stepping(true), stepping(false)];
  const [fastWhole, fastWithout] = [compile(whole), compile(without)];
  for (let step = 0; step < golden.kept.at(-1)!; step++) {
    const withBias = !late || hasBiasGradient(step);
    const [given, turn] = [tf.scalar(rate(step)), tf.tensor1d([step % 4], 'int32')];
    const value = compiled
      ? await (withBias ? fastWhole : fastWithout)(given, turn)
      : tf.tidy(() => (withBias ? whole : without)(given, turn));
    const at = golden.kept.indexOf(step + 1);
    if (at >= 0) {
      expect(value).toBeAllClose(expected.loss[at]!, { rtol });
      for (const [name, { variable }] of parameters) {
        const layout = name === 'kernel' ? tf.transpose(variable, toOihw) : variable;
        expect(layout.dataSync()).toBeAllClose(expected[name as 'matrix'][at]!, { rtol, atol: 1e-5 });
      }
    }
    tf.dispose([value, given, turn]);
  }
  fastWhole.dispose();
  fastWithout.dispose();
  optimizer.dispose();
}

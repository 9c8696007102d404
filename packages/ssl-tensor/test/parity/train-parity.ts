import * as tf from '@tensorflow/tfjs-core';

import { compile } from '../../src/compile/compile.js';
import type { CompileOptions } from '../../src/compile/compiled-types.js';
import type { NdArray } from '@selfsup/ssl-core';
import type { ParityNet } from './nets/index.js';

/** What a few training steps gave. */
export interface TrainedNet {
  /** Loss of each step. */
  readonly losses: readonly number[];
  /** Final values by variable. */
  readonly weights: Readonly<Record<string, Float32Array>>;
}

/** How to train: `compiled` holds compile()'s options, and is absent for eager training on TF.js's CPU backend. */
export interface ParityRun {
  readonly net: ParityNet;
  readonly makeOptimizer: () => tf.Optimizer;
  readonly steps: number;
  readonly seed: number;
  readonly compiled?: CompileOptions;
}

const tensorOf = ({ data, shape }: NdArray): tf.Tensor =>
  tf.tensor(data, [...shape], data instanceof Float32Array ? 'float32' : 'int32');

/** Trains a net, a new batch at every step. */
export async function trainNet({ net, makeOptimizer, steps, seed, compiled }: ParityRun): Promise<TrainedNet> {
  await tf.setBackend('cpu');
  const variables = net.variables(seed);
  const optimizer = makeOptimizer();
  const step = (batch: Readonly<Record<string, tf.Tensor>>): tf.Scalar => {
    const { value, grads } = tf.variableGrads(() => net.loss(batch, variables), Object.values(variables));
    optimizer.applyGradients(grads);
    return value;
  };
  const fast = compiled === undefined ? undefined : compile(step, { name: net.name, ...compiled });
  const losses: number[] = [];
  for (let index = 0; index < steps; index++) {
    const batch = net.batch(seed + index);
    const loss =
      fast === undefined
        ? tf.tidy(() => step(Object.fromEntries(Object.entries(batch).map(([key, array]) => [key, tensorOf(array)]))))
        : await fast(batch);
    losses.push(loss.dataSync()[0]!);
    loss.dispose();
  }
  const weights = Object.fromEntries(
    Object.entries(variables).map(([key, variable]) => [key, Float32Array.from(variable.dataSync())]),
  );
  fast?.dispose();
  optimizer.dispose();
  tf.dispose(Object.values(variables));
  return { losses, weights };
}

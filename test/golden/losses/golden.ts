import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';

interface GoldenArray {
  readonly shape: number[];
  readonly data: number[];
}

interface GoldenPair {
  readonly temperature: number;
  readonly query: GoldenArray;
  readonly positive: GoldenArray;
  readonly loss: number;
  readonly gradients: GoldenArray[];
}

interface Goldens {
  readonly ntXent: readonly { temperature: number; z: GoldenArray[]; loss: number; gradients: GoldenArray[] }[];
  readonly infoNCE: readonly (GoldenPair & { readonly negatives: GoldenArray })[];
  readonly inBatch: readonly GoldenPair[];
  readonly crossEntropy: readonly {
    labelSmoothing: number;
    logits: GoldenArray;
    labels: GoldenArray;
    loss: number;
    gradient: GoldenArray;
  }[];
}

export const goldens = JSON.parse(readFileSync(new URL('losses.json', import.meta.url), 'utf8')) as Goldens;

export const matrix = ({ data, shape }: GoldenArray): tf.Tensor2D => tf.tensor2d(data, shape as [number, number]);
export const integers = ({ data }: GoldenArray): tf.Tensor1D => tf.tensor1d(data, 'int32');

/** `[loss, ...gradients]` of a scalar loss with respect to `inputs`, eagerly or compiled. */
export async function lossAndGradients(
  mode: 'eager' | 'compiled',
  loss: (...inputs: tf.Tensor2D[]) => tf.Scalar,
  inputs: readonly tf.Tensor2D[],
): Promise<tf.Tensor[]> {
  const step = (tensors: tf.Tensor2D[]): tf.Tensor[] => {
    const { value, grads } = tf.valueAndGrads((...x: tf.Tensor[]) => loss(...(x as tf.Tensor2D[])))(tensors);
    return [value, ...grads];
  };
  return mode === 'compiled' ? compile(step)([...inputs]) : step([...inputs]);
}

/** Central differences in float64 of a loss written over nested arrays, against every element of `x`. */
export function finiteDifferences(
  loss: (x: number[][]) => number,
  x: readonly (readonly number[])[],
  step = 1e-5,
): number[][] {
  const work = x.map((row) => [...row]);
  return work.map((row) =>
    row.map((value, column) => {
      row[column] = value + step;
      const above = loss(work);
      row[column] = value - step;
      const below = loss(work);
      row[column] = value;
      return (above - below) / (2 * step);
    }),
  );
}

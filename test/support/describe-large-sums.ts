import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compile } from '../../packages/ssl-tensor/src/compile/compile.js';
import type { NdArray } from '@selfsup/ssl-core';
import { deviceUnderTest } from '../devices/exclusions.js';
import { type ExactSums, filled, fillings, type Filling, worstError } from './exact-sums.js';

/** In parts of the sum of absolute values. */
const tolerance = 1e-6;

/** A software adapter takes a hundred times as long. */
const isSlow = deviceUnderTest === 'webgpu';

/** Length of a long axis; a multiple of what blocks are made of, or `off` from it. */
export const long = (power: number, off = 0): number => 2 ** (isSlow ? power - 4 : power) - off;

/** A sum, or what follows from it. */
export interface LargeSum {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly run: (...inputs: never[]) => tf.Tensor | tf.Tensor[];
  readonly exact: (...inputs: NdArray<Float32Array>[]) => readonly ExactSums[];
  /** What the results are of the sums. */
  readonly factor?: number;
  readonly of?: readonly Filling[];
}

/** Errors of results beyond the tolerance. */
function errorsOf({ exact, factor = 1 }: LargeSum, inputs: NdArray<Float32Array>[], results: tf.Tensor[]): number[] {
  const expected = exact(...inputs);
  expect(results.map((result) => result.size)).toEqual(expected.map(({ sums }) => sums.length));
  return results
    .map((result, index) => worstError(result.dataSync(), expected[index]!, factor))
    .filter((error) => !(error < tolerance));
}

/** Tests that sums are within 1e-6 of float64: compiled of all fillings, and `eager` ones op by op of equal numbers. */
export function describeLargeSums(title: string, cases: readonly LargeSum[], eager: readonly LargeSum[]): void {
  describe(`${title} on ${deviceUnderTest}`, () => {
    it.for(cases)('$name', async (item) => {
      await tf.setBackend('ssl');
      const compiled = compile((inputs: tf.Tensor[]) => [item.run(...(inputs as never[]))].flat());
      const errors: (readonly [string, number])[] = [];
      for (const filling of item.of ?? fillings) {
        const inputs = item.shapes.map((shape) => filled(filling, shape));
        const results = await compiled(inputs);
        errors.push(...errorsOf(item, inputs, results).map((error) => [filling, error] as const));
        tf.dispose(results);
      }
      compiled.dispose();
      expect(errors).toEqual([]);
    });

    it.for(eager)('$name, op by op', async (item) => {
      await tf.setBackend('ssl');
      const inputs = item.shapes.map((shape) => filled((item.of ?? fillings)[0]!, shape));
      const tensors = inputs.map(({ data, shape }) => tf.tensor(data, [...shape]));
      expect(errorsOf(item, inputs, [item.run(...(tensors as never[]))].flat())).toEqual([]);
    });
  });
}

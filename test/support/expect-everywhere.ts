import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect } from 'vitest';

import { compile } from '../../packages/ssl-tensor/src/compile/compile.js';

/** An operand: its elements in row-major order; float32 unless it says otherwise. */
export interface Elements {
  readonly data: Iterable<number>;
  readonly shape: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
}

type Op = (...x: never[]) => tf.Tensor | tf.Tensor[];

/**
 * Expects the same numbers of an op eagerly, on TF.js's CPU backend and on ours, and compiled for the device under test.
 * Zeros of both signs are equal.
 *
 * @param expected elements of each result
 */
export async function expectEverywhere(
  op: Op,
  operands: readonly Elements[],
  expected: readonly (readonly number[])[],
): Promise<void> {
  const tensors = (): tf.Tensor[] =>
    operands.map(({ data, shape, dtype = 'float32' }) => tf.tensor([...data], [...shape], dtype));
  const check = (where: string, results: tf.Tensor | tf.Tensor[]): void => {
    const read = [results].flat().map((result) => Array.from(result.dataSync(), (value) => (value === 0 ? 0 : value)));
    expect({ where, results: read }).toEqual({ where, results: expected });
  };
  for (const backend of ['cpu', 'ssl']) {
    await tf.setBackend(backend);
    tf.tidy(() => check(backend, op(...(tensors() as never[]))));
  }
  const compiled = compile(op as (...x: tf.Tensor[]) => tf.Tensor[], { threads: 1 });
  const inputs = tensors();
  const results = await compiled(...inputs);
  try {
    check('compiled', results);
  } finally {
    tf.dispose([inputs, results]);
    compiled.dispose();
  }
}

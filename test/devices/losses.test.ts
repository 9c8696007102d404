import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { beforeAll, describe, expect, it } from 'vitest';

import { compile } from '../../packages/ssl-tensor/src/compile/compile.js';
import { drawInput, everyLoss, type LossEntry } from '../golden/losses/every-loss.js';
import '../support/to-be-all-close.js';
import { deviceUnderTest } from './exclusions.js';

/** Every tensor in a result: a tensor, or a record of them. */
const tensorsIn = (result: unknown): tf.Tensor[] => {
  if (result instanceof tf.Tensor) return [result];
  return typeof result === 'object' && result !== null ? Object.values(result).flatMap(tensorsIn) : [];
};

/** A number for each element, so that results whose plain sum is constant have a gradient. */
const weighted = (x: tf.Tensor): tf.Tensor =>
  tf.sum(tf.mul(x, drawInput({ kind: 'float', shape: x.shape, below: 0 }, x.size)));

/** What a loss gives, and the gradients of a weighted sum of its float results. */
function step([inputs, call]: LossEntry, tensors: tf.Tensor[]): tf.Tensor[] {
  const isFloat = inputs.map(({ kind }) => kind === 'float');
  const values = tensorsIn(call(...(tensors as never[])));
  if (values.every(({ dtype }) => dtype !== 'float32')) return values;
  const total = (...leaves: tf.Tensor[]): tf.Tensor => {
    let next = 0;
    const results = tensorsIn(call(...(tensors.map((each, i) => (isFloat[i] ? leaves[next++]! : each)) as never[])));
    // Inputs without a gradient, such as a teacher's, have 0.
    const connected = leaves.map((leaf) => tf.mul(tf.sum(leaf), 0));
    return tf.addN([...results.filter(({ dtype }) => dtype === 'float32').map(weighted), ...connected]);
  };
  return [...values, ...tf.grads(total)(tensors.filter((_, index) => isFloat[index]))];
}

const drawAll = ([inputs]: LossEntry): tf.Tensor[] => inputs.map((input, index) => drawInput(input, index));

interface HostResult {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly dtype: string;
}

// Eager, on TF.js's CPU backend, the losses agree with their references: see the tests beside them.
describe(`losses on ${deviceUnderTest}: compiled agrees with eager`, () => {
  const entries = Object.entries(everyLoss).filter(([, [inputs]]) => inputs.length > 0);
  const expected = new Map<string, readonly HostResult[]>();

  // All of them first: a tfjs-node with a tfjs-core of its own spoils TF.js's CPU kernel of tensorScatterUpdate.
  beforeAll(async () => {
    await tf.setBackend('cpu');
    for (const [name, entry] of entries) {
      const tensors = drawAll(entry);
      const results = tf.tidy(() => step(entry, tensors));
      expected.set(
        name,
        results.map((each) => ({ data: each.dataSync(), shape: each.shape, dtype: each.dtype })),
      );
      tf.dispose([tensors, results]);
    }
  });

  it.each(entries)('%s', async (name, entry) => {
    const tensors = drawAll(entry);
    const compiled = compile((given: tf.Tensor[]) => step(entry, given), { name, threads: 1 });
    const found = await compiled(tensors);
    const wanted = expected.get(name)!;
    expect(found.length).toBe(wanted.length);
    wanted.forEach((value, index) => {
      const largest = Array.from(value.data).reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      expect(found[index]!, `result ${index}`).toBeAllClose(value, {
        rtol: 1e-5,
        atol: 1e-6 + 2e-5 * largest,
        dtype: value.dtype,
      });
    });
    compiled.dispose();
    tf.dispose([tensors, found]);
  });
});

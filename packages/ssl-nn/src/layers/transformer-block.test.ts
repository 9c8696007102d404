import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { evaluation } from '../module/forward-context.js';
import { TransformerBlock } from './transformer-block.js';

const block = new TransformerBlock(8, { key: randomKey(3), heads: 2 });
const x = tf.randomNormal([3, 5, 8], 0, 1, 'float32', 1) as tf.Tensor3D;
const weights = tf.randomNormal([3, 2, 8], 0, 1, 'float32', 2) as tf.Tensor3D;
const variables = [...block.namedParameters()].map(([, { variable }]) => variable);

/** Weighted sum of the first two tokens, its gradients by the parameters, and by the input. */
function differentiate(firstTwo: (input: tf.Tensor3D) => tf.Tensor): tf.Tensor[] {
  const loss = (input: tf.Tensor3D): tf.Scalar => tf.sum(tf.mul(firstTwo(input), weights));
  const { value, grads } = tf.variableGrads(() => loss(x), variables);
  return [value, ...variables.map(({ name }) => grads[name]!), tf.grad((input) => loss(input as tf.Tensor3D))(x)];
}

it('computes the first tokens alone as it does among all, values and gradients, eagerly and compiled', async () => {
  const all = differentiate((input) => tf.slice(block.forward(input), [0, 0, 0], [3, 2, 8]));
  const few = (): tf.Tensor[] => differentiate((input) => block.forward(input, evaluation, undefined, 2));
  const compiled = await compile(few)();
  expect(block.forward(x, evaluation, undefined, 2).shape).toEqual([3, 2, 8]);
  few().forEach((tensor, index) => {
    expect(tensor).toBeAllClose(all[index]!, { rtol: 1e-5, atol: 1e-5 });
    expect(compiled[index]!).toBeAllClose(all[index]!, { rtol: 1e-5, atol: 1e-5 });
  });
});

it('refuses more tokens than there are', () => {
  for (const count of [0, 1.5, 6]) {
    expect(() => block.forward(x, evaluation, undefined, count)).toThrow(InvalidOptionError);
  }
});

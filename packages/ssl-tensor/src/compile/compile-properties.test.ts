import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { closeMismatch } from '../../../../test/support/to-be-all-close.js';
import { compile } from './compile.js';

/** An expression over three tensors that broadcast: `[2, 3]`, `[3]` and a scalar. */
type Expression =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'unary'; readonly op: keyof typeof unary; readonly x: Expression }
  | { readonly kind: 'binary'; readonly op: keyof typeof binary; readonly a: Expression; readonly b: Expression };

/** Bounded and smooth, so that trees neither overflow nor amplify rounding. */
const unary = {
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  neg: tf.neg,
  sin: tf.sin,
  half: (x: tf.Tensor) => tf.mul(x, 0.5),
  third: (x: tf.Tensor) => tf.div(x, 3),
  rows: (x: tf.Tensor) => tf.mean(x, x.rank === 0 ? undefined : -1, true),
  total: (x: tf.Tensor) => tf.tanh(tf.sum(x)),
  turned: (x: tf.Tensor) => tf.transpose(tf.transpose(x)),
  flat: (x: tf.Tensor) => tf.reshape(tf.reshape(x, [-1]), x.shape),
  broadcast: (x: tf.Tensor) => tf.add(x, tf.zeros([2, 3])),
} as const;

const binary = {
  add: tf.add,
  sub: tf.sub,
  mul: (a: tf.Tensor, b: tf.Tensor) => tf.mul(tf.tanh(a), b),
  ratio: (a: tf.Tensor, b: tf.Tensor) => tf.div(a, tf.add(tf.square(b), 1)),
} as const;

const keys = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[];

const { expression } = fc.letrec<{ expression: Expression; leaf: Expression }>((tie) => ({
  leaf: fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('input' as const), index: fc.integer({ min: 0, max: 2 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('constant' as const), value: fc.constantFrom(0, 1, -1, 2, 0.5, -3) }),
    },
  ),
  expression: fc.oneof(
    { maxDepth: 5 },
    tie('leaf'),
    fc.record({ kind: fc.constant('unary' as const), op: fc.constantFrom(...keys(unary)), x: tie('expression') }),
    fc.record({
      kind: fc.constant('binary' as const),
      op: fc.constantFrom(...keys(binary)),
      a: tie('expression'),
      b: tie('expression'),
    }),
  ),
}));

const build = (tree: Expression, inputs: readonly tf.Tensor[]): tf.Tensor => {
  switch (tree.kind) {
    case 'input':
      return inputs[tree.index]!;
    case 'constant':
      return tf.scalar(tree.value);
    case 'unary':
      return unary[tree.op](build(tree.x, inputs));
    case 'binary':
      return binary[tree.op](build(tree.a, inputs), build(tree.b, inputs));
  }
};

/** Value and gradients; every input takes part, so that each has a gradient. */
const evaluate = (tree: Expression, inputs: tf.Tensor[]): tf.Tensor[] => {
  const objective = (...args: tf.Tensor[]): tf.Tensor =>
    tf.sum(tf.add(build(tree, args), tf.mul(tf.mul(args[0]!, args[1]!), args[2]!)));
  return [tf.clone(build(tree, inputs)), ...tf.grads(objective)(inputs)];
};

it('any expression has the same value and gradients compiled and eager', async () => {
  await tf.setBackend('cpu');
  const inputs = [
    tf.tensor2d([0.3, -1.2, 0.7, 1.9, -0.4, 0.05], [2, 3]),
    tf.tensor1d([-0.6, 1.1, 0.2]),
    tf.scalar(0.8),
  ];
  await fc.assert(
    fc.asyncProperty(expression, async (tree) => {
      const eager = tf.tidy(() => evaluate(tree, inputs));
      const compiled = compile((...args: tf.Tensor[]) => evaluate(tree, args));
      const fast = await compiled(...inputs);
      const mismatches = eager.map((expected, index) =>
        closeMismatch(fast[index]!, expected, { rtol: 1e-4, atol: 1e-5 }),
      );
      compiled.dispose();
      tf.dispose([eager, fast]);
      expect(mismatches).toEqual(eager.map(() => undefined));
    }),
    { seed: 20261125, numRuns: 120 },
  );
});

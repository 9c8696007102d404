import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { registerSslBackend } from '../backend/register-backend.js';
import { compile } from '../compile/compile.js';
import { recordFunction } from '../compile/run-trace.js';
import type { GraphNode } from '../graph/graph.js';
import { scheduleNodes } from '../graph/schedule.js';
import { sizeOf, type Value } from '../graph/value.js';
import { profile } from '../profile/profile.js';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { checkpoint } from './checkpoint.js';
import { gelu } from './gelu.js';
import { layerNorm } from './layer-norm.js';

const [batch, dim, hidden, depth] = [512, 32, 128, 12];
const stream = new RandomStream(randomKey(1));
const weight = (shape: [number, number]): tf.Variable =>
  tf.tidy(() => {
    const size = shape[0] * shape[1];
    return tf.variable(
      tf.tensor(
        Array.from({ length: size }, () => stream.normal() / Math.sqrt(shape[0])),
        shape,
      ),
    );
  });
const layers = Array.from({ length: depth }, () => [weight([dim, hidden]), weight([hidden, dim])] as const);
const [scale, bias] = [tf.ones([dim]), tf.zeros([dim])] as const;
const x = tf.tensor2d(
  Array.from({ length: batch * dim }, () => stream.normal()),
  [batch, dim],
);

/** Loss and gradients of a net of residual blocks. */
const gradients =
  (wrap: typeof checkpoint) =>
  (input: tf.Tensor2D): tf.Tensor[] => {
    const block = (h: tf.Tensor2D, [up, down]: readonly [tf.Variable, tf.Variable]): tf.Tensor2D => {
      const wide = gelu(tf.matMul(layerNorm(h, scale, bias), up as unknown as tf.Tensor2D)) as tf.Tensor2D;
      return tf.add(h, tf.tanh(tf.matMul(tf.square(wide), down as unknown as tf.Tensor2D)));
    };
    const { value, grads } = tf.variableGrads(() => {
      let h = input;
      for (const pair of layers) h = wrap((y) => block(y, pair), h);
      return tf.mean(tf.square(h)) as tf.Scalar;
    });
    return [value, ...layers.flat().map(({ name }) => grads[name]!)];
  };
const plain = ((fn: (...inputs: tf.Tensor[]) => tf.Tensor, ...inputs: tf.Tensor[]) =>
  fn(...inputs)) as typeof checkpoint;

const isProduct = (op: string): boolean => ['MatMul', 'FusedMatMul', 'Gemm'].includes(op);

/** Most bytes of values at once, those that nobody needs any more dropped after each node. */
function peak(nodes: readonly GraphNode[], outputs: ReadonlySet<Value>): number {
  const uses = new Map<Value, number>();
  for (const { inputs } of nodes) for (const input of inputs) if (input) uses.set(input, (uses.get(input) ?? 0) + 1);
  let [live, most] = [0, 0];
  for (const node of nodes) {
    for (const output of node.outputs) live += 4 * sizeOf(output.shape);
    most = Math.max(most, live);
    for (const input of new Set(node.inputs)) {
      if (input?.producer === undefined) continue;
      uses.set(input, uses.get(input)! - node.inputs.filter((other) => other === input).length);
      if (uses.get(input) === 0 && !outputs.has(input)) live -= 4 * sizeOf(input.shape);
    }
  }
  return most;
}

it('halves the memory of twelve blocks, and computes what they need again', () => {
  const measured = [plain, checkpoint].map((wrap) => {
    const { trace, result } = recordFunction(
      registerSslBackend(),
      'cpu',
      [{ shape: [batch, dim], type: 'float32' }],
      ([input]) => gradients(wrap)(input as tf.Tensor2D),
    );
    const outputs = (result as { value: Value }[]).map(({ value }) => value);
    expect(trace.graph.inputs.length).toBe(1 + 2 * depth);
    const { nodes } = scheduleNodes(outputs);
    return { peak: peak(nodes, new Set(outputs)), products: nodes.filter(({ op }) => isProduct(op)).length };
  });
  const [kept, again] = measured as [(typeof measured)[0], (typeof measured)[0]];
  expect(again.peak).toBeLessThan(kept.peak / 2);
  // Both products of a block: what follows the second needs it.
  expect(again.products).toBe(kept.products + 2 * depth);
});

it('so too when the runtime has optimised the graph', async () => {
  const [kept, again] = [
    await profile(gradients(plain), [x], { runs: 1, threads: 1 }),
    await profile(gradients(checkpoint), [x], { runs: 1, threads: 1 }),
  ];
  const products = ({ byOp }: typeof kept): number =>
    byOp.filter(({ name }) => isProduct(name)).reduce((sum, { nodes }) => sum + nodes, 0);
  expect(products(again)).toBe(products(kept) + 2 * depth);
  expect(again.peakMegabytes).toBeLessThan(kept.peakMegabytes / 2);
});

it('with the same results, bit for bit', async () => {
  const [kept, again] = await Promise.all([plain, checkpoint].map((wrap) => compile(gradients(wrap))(x)));
  kept!.forEach((value, index) => expect(again![index]!.dataSync()).toEqual(value.dataSync()));
});

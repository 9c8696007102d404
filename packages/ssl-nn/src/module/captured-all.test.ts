import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { beforeAll, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { capturedAll, Linear, Module, Relu, Sequential } from '../index.js';

const key = randomKey(5);
class Encoder extends Module {
  readonly layers = new Sequential([new Linear(3, 4, { key }), new Relu()]);
  readonly unused = new Relu();
  forward(x: tf.Tensor): { readonly pooled: tf.Tensor; readonly count: number; readonly parts: tf.Tensor[] } {
    return tf.tidy(() => {
      const y = this.layers.forward(x);
      return { pooled: tf.mean(y, 0), count: 4, parts: [y, tf.neg(y)] };
    }) as ReturnType<Encoder['forward']>;
  }
}
const encoder = new Encoder();
const head = new Linear(4, 2, { key });
const input = (): tf.Tensor => tf.tensor2d([[1, -2, 3]]);
const pass = (x: tf.Tensor): tf.Tensor => head.forward(tf.reshape(encoder.forward(x).pooled, [1, 4]));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const names = [
  'encoder.layers.0',
  'encoder.layers.1',
  'encoder.layers',
  'encoder.pooled',
  'encoder.parts.0',
  'encoder.parts.1',
  'head',
];

it('gives the outputs of all that is called, parts before the whole, and leaves model and memory as they were', () => {
  const before = Object.getOwnPropertyNames(head);
  const x = input();
  const { numTensors } = tf.memory();
  tf.tidy(() => {
    const { result, outputs } = capturedAll({ encoder, head }, () => pass(x));
    expect(outputs.map(({ name }) => name)).toEqual(names);
    expect(outputs.at(-1)!.tensor).toBeAllClose(result);
    expect(outputs[0]!.tensor).toBeAllClose((encoder.layers.namedModules().get('0') as Linear).forward(x));
    expect(outputs[5]!.tensor).toBeAllClose(tf.neg(outputs[4]!.tensor));
  });
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(Object.getOwnPropertyNames(head)).toEqual(before);
});

it('works inside compile(), and lists a module that is called twice twice', async () => {
  let seen: string[] = [];
  const run = compile((x: tf.Tensor) => {
    const { outputs } = capturedAll({ head }, () => tf.add(head.forward(x), head.forward(tf.neg(x))));
    seen = outputs.map(({ name }) => name);
    return outputs.map(({ tensor }) => tensor);
  });
  const x = tf.tensor2d([[1, 2, 3, 4]]);
  const [first, second] = await run(x);
  expect(seen).toEqual(['head', 'head']);
  expect(first!).toBeAllClose(head.forward(x));
  expect(second!).toBeAllClose(head.forward(tf.neg(x)));
});

it('ends its watch where the function throws, and refuses what is no module', () => {
  const fail = (): never => {
    throw new RangeError('inside');
  };
  const { numTensors } = tf.memory();
  expect(() => capturedAll({ head }, () => (tf.tidy(() => void head.forward(tf.ones([1, 4]))), fail()))).toThrow(
    'inside',
  );
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(Object.getOwnPropertyNames(head)).not.toContain('forward');
  expect(() => capturedAll({ head: 'x' as never }, () => 1)).toThrow(InvalidOptionError);
  expect(() => capturedAll({ head }, 3 as never)).toThrow(InvalidOptionError);
});

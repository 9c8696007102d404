import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import { compile } from '@selfsup/ssl-tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { BatchNorm, captured, Conv2d, evaluation, Linear, Module, Relu, Sequential, training } from '../index.js';

const key = randomKey(5);
class Net extends Module {
  readonly first = new Linear(3, 4, { key });
  readonly parts = [new Relu(), new Linear(4, 4, { key, bias: false })];
  readonly unused = new Relu();
  forward(x: tf.Tensor): tf.Tensor {
    return tf.tidy(() => {
      let y = this.first.forward(x);
      for (let i = 0; i < 2; i++) for (const part of this.parts) y = part.forward(y);
      return y;
    });
  }
}
const net = new Net();
const input = (): tf.Tensor => tf.tensor2d([[1, -2, 3]]);
const keys = (module: Module): string[] => Object.getOwnPropertyNames(module);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('captured', () => {
  it('gives each output, tidied inside or not, and leaves the model and no tensor behind', () => {
    const before = keys(net.first);
    const x = input();
    const { numTensors } = tf.memory();
    tf.tidy(() => {
      const { result, outputs } = captured(net, ['first', 'parts.1', ''], () => net.forward(x));
      const first = net.first.forward(x);
      expect(outputs.first).toHaveLength(1);
      expect(outputs.first[0]!).toBeAllClose(first);
      expect(outputs['parts.1']).toHaveLength(2);
      expect(outputs['parts.1'][1]!).toBeAllClose(net.forward(x));
      expect(outputs[''][0]!).toBeAllClose(result);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(keys(net.first)).toEqual(before);
  });

  it('works inside compile()', async () => {
    const run = compile((x: tf.Tensor) => captured(net, ['first', 'parts.1'], () => net.forward(x)));
    const { result, outputs } = await run(input());
    expect(outputs.first[0]!).toBeAllClose(net.first.forward(input()));
    expect(outputs['parts.1'][1]!).toBeAllClose(result);
    expect(keys(net.first)).not.toContain('forward');
  });

  it('gives gradients through what it captured', () => {
    const gradient = tf.grad((x) => tf.sum(captured(net, ['first'], () => net.forward(x)).outputs.first[0]!));
    expect(gradient(input())).toBeAllClose(tf.reshape(tf.sum(net.first.weight.variable, 1), [1, 3]));
  });

  it('survives errors and nests', () => {
    const x = input();
    const { numTensors } = tf.memory();
    const failing = (): unknown =>
      captured(net, ['first'], () => {
        tf.tidy(() => void net.first.forward(x));
        throw new RangeError('no');
      });
    expect(failing).toThrow(RangeError);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(keys(net.first)).not.toContain('forward');
    const outer = captured(net, ['first'], () => {
      expect(failing).toThrow(RangeError);
      return captured(net, ['first', 'parts.0'], () => net.forward(x));
    });
    expect(outer.outputs.first).toHaveLength(2);
    expect(outer.result.outputs.first).toHaveLength(1);
    expect(keys(net.first)).not.toContain('forward');
  });

  it('refuses names that are none, modules that are not called, and async functions', () => {
    const of = (name: string) => () => captured(net, [name], () => net.forward(input()));
    expect(of('frist')).toThrow(InvalidOptionError);
    expect(of('frist')).toThrow(/Did you mean 'first'/);
    expect(of('parts')).toThrow(/holds modules and is none; the first is 'parts\.0', the last 'parts\.1'/);
    expect(of('unused')).toThrow(/modules that the function calls, got 'unused'|got "unused"/);
    expect(() => captured(net, ['first'], async () => net.forward(input()))).toThrow(/compile\(\(x\) => captured/);
  });

  it.each([evaluation, training])('takes apart what runs together, training %s', (ctx) => {
    const chain = new Sequential([
      new Conv2d(1, 32, { key, kernelSize: 3, padding: 1, bias: false }),
      new BatchNorm(32),
      new Relu(),
    ]);
    const x = tf.sin(tf.reshape(tf.range(0, 32), [2, 4, 4, 1]));
    const plain = chain.forward(x, ctx);
    const { result, outputs } = captured(chain, ['0', '1', '2'], () => chain.forward(x, ctx));
    expect(result).toBeAllClose(plain, { rtol: 1e-4, atol: 1e-5 });
    expect(outputs['2'][0]!).toBeAllClose(result);
    expect(tf.min(outputs['1'][0]!).dataSync()[0]).toBeLessThan(-0.1);
    expect(tf.relu(outputs['1'][0]!)).toBeAllClose(result);
    expect(outputs['0'][0]!).toBeAllClose((chain.layers[0] as Conv2d).forward(x as tf.Tensor4D));
    const alone = captured(chain, ['1'], () => chain.forward(x, ctx)).outputs['1'];
    expect(alone[0]!).toBeAllClose(outputs['1'][0]!, { rtol: 1e-4, atol: 1e-4 });
  });
});

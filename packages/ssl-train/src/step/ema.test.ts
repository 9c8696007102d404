import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchNorm, Linear, type Module } from '@selfsup/ssl-nn';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError, randomKey } from '@selfsup/ssl-tensor/host';
import '../../../../test/support/to-be-all-close.js';
import { Ema, type EmaOptions } from './ema.js';

beforeAll(() => tf.setBackend('cpu'));

const fill = (module: Module, value: number): void => {
  for (const { variable } of [...module.namedParameters().values(), ...module.namedBuffers().values()])
    tf.tidy(() => variable.assign(tf.fill(variable.shape, value, variable.dtype as 'float32')));
};
const value = (module: Module, name: string): number => module.stateDict().get(name)!.data[0]!;

function pair(): { online: BatchNorm; target: BatchNorm } {
  const [online, target] = [new BatchNorm(2), new BatchNorm(2)];
  fill(online, 10);
  fill(target, 2);
  return { online, target };
}

describe('Ema', () => {
  it.each([
    { buffers: 'average', mean: 4, count: 10 },
    { buffers: 'copy', mean: 10, count: 10 },
    { buffers: 'keep', mean: 2, count: 2 },
  ] as const)('moves parameters by the momentum, buffers by $buffers', ({ buffers, mean, count }) => {
    const { online, target } = pair();
    new Ema([{ online, target }], { buffers } satisfies EmaOptions).update(tf.scalar(0.75));
    expect(value(target, 'weight')).toBe(0.75 * 2 + 0.25 * 10);
    expect(value(target, 'running_mean')).toBe(mean);
    expect(value(target, 'num_batches_tracked')).toBe(count);
    expect(value(online, 'weight')).toBe(10);
  });

  it("takes a pair's own word on buffers before that of all", () => {
    const [own, usual] = [pair(), pair()];
    new Ema([{ ...own, buffers: 'keep' }, usual], { buffers: 'copy' }).update(tf.scalar(0.75));
    expect([own, usual].map(({ target }) => value(target, 'running_mean'))).toEqual([2, 10]);
    expect(() => new Ema([{ ...pair(), buffers: 'none' as 'keep' }])).toThrow('pairs[0].buffers');
  });

  it('does the same compiled, step after step', async () => {
    const [a, b] = [pair(), pair()];
    const [eager, other] = [new Ema([a]), new Ema([b])];
    const step = compile((momentum: tf.Scalar) => {
      other.update(momentum);
      return tf.add(momentum, 0);
    });
    for (const momentum of [0.9, 0.99, 1]) {
      tf.tidy(() => eager.update(tf.scalar(momentum)));
      (await step({ data: Float32Array.of(momentum), shape: [] })).dispose();
      for (const name of a.target.stateDict().keys())
        expect(b.target.stateDict().get(name)!.data).toBeAllClose(a.target.stateDict().get(name)!.data, { rtol: 1e-6 });
    }
  });

  it('makes the target equal at the start, without sharing', () => {
    const [online, target] = [new Linear(3, 2, { key: randomKey(1) }), new Linear(3, 2, { key: randomKey(2) })];
    const ema = new Ema([{ online, target }]);
    ema.synchronise();
    expect(target.stateDict()).toEqual(online.stateDict());
    fill(online, 0);
    expect(value(target, 'weight')).not.toBe(0);
  });

  it('leaves no tensor behind', () => {
    const ema = new Ema([pair()]);
    const momentum = tf.scalar(0.5);
    const before = tf.memory().numTensors;
    ema.update(momentum);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses modules that do not match or share tensors', () => {
    const online = new Linear(3, 2, { key: randomKey(1) });
    expect(() => new Ema([{ online, target: online }])).toThrow('a module with tensors of its own');
    expect(() => new Ema([{ online, target: new Linear(4, 2, { key: randomKey(1) }) }])).toThrow(
      "'weight' as float32 [3, 2]",
    );
    expect(() => new Ema([{ online, target: new Linear(3, 2, { key: randomKey(1), bias: false }) }])).toThrow(
      InvalidOptionError,
    );
    expect(() => new Ema([{ online: new Linear(3, 2, { key: randomKey(1), bias: false }), target: online }])).toThrow(
      "'bias' in the target alone",
    );
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import '../../../../test/support/to-be-all-close.js';
import { AdamW } from './adam-w.js';
import { decayEverything } from './decay-filter.js';
import type { Optimizer } from './optimizer.js';
import { Sgd } from './sgd.js';

beforeAll(() => tf.setBackend('cpu'));

const ones = (): tf.Variable => tf.variable(tf.ones([2, 2]));
const named = (name: string, variable: tf.Variable) => new Map([[name, { variable }]]);
const rising = (step: number): number => 0.5 * (step + 1);
const scalarsAt = (optimizer: Optimizer, step: number): Record<string, tf.Scalar> => ({
  learningRate: tf.scalar(0.1),
  ...Object.fromEntries(Object.entries(optimizer.schedules).map(([name, at]) => [name, tf.scalar(at(step))])),
});

describe('scheduled values', () => {
  it('lists the schedules that parameters follow, and no other', () => {
    const [a, b] = [ones(), ones()];
    const optimizer = new AdamW(
      [
        { parameters: named('a', a) },
        { parameters: named('b', b), learningRate: rising, weightDecay: rising },
        { parameters: named('bias', tf.variable(tf.zeros([2]))), weightDecay: rising },
      ],
      { weightDecay: rising },
    );
    expect(Object.keys(optimizer.schedules)).toEqual(['weightDecay', 'groups.1.learningRate', 'groups.1.weightDecay']);
    expect(optimizer.settings['weightDecay']).toBe('scheduled');
    expect(new AdamW([{ parameters: named('a', a) }]).schedules).toEqual({});
  });

  it('decays by the value of the step, in groups by their own, in one trace', async () => {
    const [a, b, c] = [ones(), ones(), ones()];
    const optimizer = new AdamW(
      [
        { parameters: named('a', a) },
        { parameters: named('b', b), learningRate: rising, learningRateScale: 0.1 },
        { parameters: named('c', c), learningRate: 0.2, weightDecay: 0.3 },
      ],
      { weightDecay: rising, decayFilter: decayEverything },
    );
    let traces = 0;
    const step = compile((scalars: Record<string, tf.Scalar>): void => {
      traces++;
      optimizer.apply(Object.fromEntries([a, b, c].map(({ name }) => [name, tf.zeros([2, 2])])), scalars);
    });
    const expected = [1, 1, 1];
    for (let i = 0; i < 4; i++) {
      await step(scalarsAt(optimizer, i));
      expected[0]! *= 1 - 0.1 * rising(i);
      expected[1]! *= 1 - 0.1 * rising(i) * rising(i);
      expected[2]! *= 1 - 0.2 * 0.3;
      expect([a, b, c].map((variable) => variable.dataSync()[3]!)).toBeAllClose(expected, { rtol: 1e-6 });
    }
    expect(traces).toBe(1);
  });

  it('adds the decay of the step to the gradient of Sgd', () => {
    const a = ones();
    const optimizer = new Sgd([{ parameters: named('a', a) }], { weightDecay: rising });
    optimizer.apply({ [a.name]: tf.ones([2, 2]) }, scalarsAt(optimizer, 1));
    expect(a.dataSync()[0]).toBeCloseTo(1 - 0.1 * (1 + 1), 6);
  });

  it('names the scalar that is missing, changes nothing, and its advice works', () => {
    const a = ones();
    const optimizer = new Sgd([{ parameters: named('a', a) }], { weightDecay: rising });
    const gradients = { [a.name]: tf.ones([2, 2]) };
    expect(() => optimizer.apply(gradients, tf.scalar(0.1))).toThrow("scalars['weightDecay'] must be a scalar tensor");
    expect(() => optimizer.apply(gradients, {})).toThrow("scalars['learningRate'] must be a scalar tensor");
    expect([a.dataSync()[0], optimizer.step.dataSync()[0]]).toEqual([1, 0]);
    const weightDecay = tf.scalar(optimizer.schedules['weightDecay']!(0));
    optimizer.apply(gradients, { learningRate: tf.scalar(0.1), weightDecay });
    expect(optimizer.step.dataSync()[0]).toBe(1);
  });

  it.each([
    ['weightDecay', -1] as const,
    ['learningRate', Number.NaN] as const,
    ['weightDecay', '1' as never] as const,
  ])('refuses %s of %s in a group', (option, value) =>
    expect(() => new Sgd([{ parameters: named('a', ones()), [option]: value }])).toThrow(InvalidOptionError),
  );
});

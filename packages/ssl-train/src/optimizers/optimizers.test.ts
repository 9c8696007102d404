import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import { CheckpointError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';
import golden from '../../../../test/golden/train/optimizers.json' with { type: 'json' };
import {
  expectTrajectory,
  trajectoryProblem,
  type TrajectoryProblem,
} from '../../../../test/support/golden-trajectory.js';
import '../../../../test/support/to-be-all-close.js';
import { clipByGlobalNorm } from '../stages/clip-by-global-norm.js';
import { Adam } from './adam.js';
import type { AdamOptions } from './adam-family.js';
import { AdamW } from './adam-w.js';
import { decayEverything } from './decay-filter.js';
import type { Optimizer } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';
import { Sgd, type SgdOptions } from './sgd.js';

type Make = (groups: readonly ParameterGroup[]) => Optimizer;

const sgd =
  (options: SgdOptions = {}): Make =>
  (groups) =>
    new Sgd(groups, options);
const adam =
  (options: AdamOptions = {}): Make =>
  (groups) =>
    new Adam(groups, options);
const adamW =
  (options: AdamOptions = {}): Make =>
  (groups) =>
    new AdamW(groups, { decayFilter: decayEverything, ...options });

/** Every option of each, as the golden of this name has it. */
const registry: Readonly<Record<keyof typeof golden.cases, Make>> = {
  sgd: sgd(),
  'sgd-decay': sgd({ weightDecay: 0.2 }),
  'sgd-momentum': sgd({ momentum: 0.9 }),
  'sgd-momentum-decay': sgd({ momentum: 0.9, weightDecay: 0.05 }),
  'sgd-dampening': sgd({ momentum: 0.8, dampening: 0.3 }),
  'sgd-dampening-decay': sgd({ momentum: 0.8, dampening: 0.3, weightDecay: 0.05 }),
  'sgd-dampening-late': sgd({ momentum: 0.8, dampening: 0.3 }),
  'sgd-nesterov': sgd({ momentum: 0.9, nesterov: true }),
  'sgd-nesterov-decay': sgd({ momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  adam: adam(),
  'adam-betas': adam({ betas: [0.8, 0.95] }),
  'adam-no-betas': adam({ betas: [0, 0], epsilon: 0.5 }),
  'adam-epsilon': adam({ epsilon: 0.01 }),
  'adam-decay': adam({ weightDecay: 0.1, betas: [0.8, 0.95], epsilon: 1e-6 }),
  'adam-amsgrad': adam({ amsgrad: true, betas: [0.9, 0.8] }),
  'adam-late': adam(),
  adamw: adamW(),
  'adamw-decay': adamW({ weightDecay: 0.3, betas: [0.9, 0.95] }),
  'adamw-epsilon': adamW({ epsilon: 0.01, weightDecay: 0 }),
  'adamw-amsgrad': adamW({ amsgrad: true, weightDecay: 0.3, betas: [0.9, 0.8] }),
  'adamw-late': adamW({ weightDecay: 0.3 }),
};

interface Problem extends TrajectoryProblem {
  readonly matrix: tf.Variable;
  readonly bias: tf.Variable;
}

function problem(): Problem {
  const given = trajectoryProblem();
  return {
    ...given,
    matrix: given.parameters.get('matrix')!.variable,
    bias: given.parameters.get('bias')!.variable,
  };
}

const numbers = (tensors: readonly tf.Tensor[]): number[][] => tensors.map((value) => [...value.dataSync()]);

/** A step function for one problem and optimiser, eager or compiled. */
function stepper(the: Problem, optimizer: Optimizer, compiled: boolean): (rate: number) => Promise<number> {
  const step = (rate: tf.Scalar): tf.Scalar => {
    const { value, grads } = the.gradients();
    optimizer.apply(grads, rate);
    return value;
  };
  const fast = compile(step);
  return async (rate) => {
    if (!compiled) return tf.tidy(() => step(tf.scalar(rate)).dataSync()[0]!);
    const loss = await fast({ data: Float32Array.of(rate), shape: [] });
    const value = loss.dataSync()[0]!;
    loss.dispose();
    return value;
  };
}

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.entries(registry))('%s', (name, make) => {
  it.each([false, true])('follows PyTorch over 100 steps (compiled: %s)', async (compiled) => {
    const late = name.endsWith('late');
    await expectTrajectory(make, golden.cases[name as keyof typeof golden.cases], { compiled, late });
  });

  it('decreases a quadratic', async () => {
    const the = problem();
    const step = stepper(the, make([{ parameters: the.parameters }]), false);
    const first = await step(0.02);
    let last = first;
    for (let i = 0; i < 60; i++) last = await step(0.02);
    expect(last).toBeLessThan(first * 0.75);
  });

  it('continues bit for bit from its state', async () => {
    const whole = problem();
    const wholeOptimizer = make([{ parameters: whole.parameters }]);
    const wholeStep = stepper(whole, wholeOptimizer, false);
    for (let i = 0; i < 4; i++) await wholeStep(0.02);
    const resumed = problem();
    const resumedOptimizer = make([{ parameters: resumed.parameters }]);
    resumed.matrix.assign(tf.clone(whole.matrix));
    resumed.bias.assign(tf.clone(whole.bias));
    resumedOptimizer.loadStateDict(wholeOptimizer.stateDict());
    const resumedStep = stepper(resumed, resumedOptimizer, false);
    for (let i = 0; i < 4; i++) expect(await resumedStep(0.02)).toBe(await wholeStep(0.02));
    expect(numbers([resumed.matrix, resumed.bias])).toEqual(numbers([whole.matrix, whole.bias]));
    expect(resumedOptimizer.stateDict()).toEqual(wholeOptimizer.stateDict());
    expect(resumedOptimizer.stateDict().get('step')!.data[0]).toBe(8);
  });

  it('updates a large parameter, which is by itself, as it does a small one', async () => {
    const few = 5;
    const ascending = (a: number, b: number): number => a - b;
    const values = (length: number): tf.Tensor1D =>
      tf.tensor1d(Float32Array.from({ length }, (_, i) => Math.cos(i % few)));
    // The first in blocks, by itself; the others in one vector, the second padded for it.
    const variables = [2 ** 19, 2 ** 18 + few, few].map((length) => tf.variable(values(length)));
    const optimizer = make([{ parameters: new Map(variables.map((variable, i) => [`p${i}`, { variable }])) }]);
    const step = compile((factor: tf.Tensor): void => {
      const grads = variables.map((variable) => [variable.name, tf.mul(values(variable.size), factor)] as const);
      optimizer.apply(Object.fromEntries(grads), tf.scalar(0.1));
    });
    for (const factor of [1, -0.5, 2]) await step(tf.scalar(factor));
    const [lone, padded, small] = numbers(variables);
    expect(small).not.toEqual([...values(few).dataSync()]);
    for (const large of [lone!, padded!]) {
      expect(large.slice(0, few)).toEqual(small);
      expect(large.slice(-few).toSorted(ascending)).toEqual(small!.toSorted(ascending));
    }
    const state = optimizer.stateDict();
    const slots = [...state.keys()].filter((name) => /\.p[01]$/.test(name));
    const first = (name: string): Float32Array => (state.get(name)!.data as Float32Array).slice(0, few);
    expect(slots.map(first)).toEqual(slots.map((name) => first(name.replace(/.$/, '2'))));
    step.dispose();
    optimizer.dispose();
    tf.dispose(variables);
  });

  it('leaves no tensor behind', async () => {
    const the = problem();
    const step = stepper(the, make([{ parameters: the.parameters }]), false);
    await step(0.01);
    const before = tf.memory().numTensors;
    await step(0.01);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('groups', () => {
  it('scales the learning rate and overrides the weight decay', () => {
    const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    const optimizer = new Sgd([
      { parameters: new Map([['a', { variable: a }]]), learningRateScale: 0.5 },
      { parameters: [['b', { variable: b }]], weightDecay: 1 },
    ]);
    optimizer.apply({ [a.name]: tf.scalar(2), [b.name]: tf.scalar(2) }, tf.scalar(0.1));
    expect(a.dataSync()[0]).toBeCloseTo(1 - 0.1 * 0.5 * 2, 6);
    expect(b.dataSync()[0]).toBeCloseTo(1 - 0.1 * (2 + 1), 6);
  });

  it('exempts biases and norm scales from the decay of AdamW by default', () => {
    const matrix = tf.variable(tf.ones([2, 2]));
    const bias = tf.variable(tf.ones([2]));
    const optimizer = new AdamW(
      [
        {
          parameters: new Map([
            ['weight', { variable: matrix }],
            ['bias', { variable: bias }],
          ]),
        },
      ],
      { weightDecay: 0.5 },
    );
    optimizer.apply({ [matrix.name]: tf.zeros([2, 2]), [bias.name]: tf.zeros([2]) }, tf.scalar(0.1));
    expect(matrix.dataSync()[0]).toBeCloseTo(0.95, 6);
    expect(bias.dataSync()[0]).toBe(1);
  });

  it('leaves a parameter without gradient alone', () => {
    const [a, b] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(1))];
    new AdamW([
      {
        parameters: new Map([
          ['a', { variable: a }],
          ['b', { variable: b }],
        ]),
      },
    ]).apply({ [a.name]: tf.scalar(1) }, tf.scalar(0.1));
    expect(a.dataSync()[0]).toBeCloseTo(0.9, 5);
    expect(b.dataSync()[0]).toBe(1);
  });

  it('keeps the state of a parameter whose gradient is missing for once', () => {
    const [a, b] = [tf.variable(tf.tensor1d([1, 2])), tf.variable(tf.tensor1d([3, 4, 5]))];
    const optimizer = new AdamW([
      {
        parameters: [
          ['a', { variable: a }],
          ['b', { variable: b }],
        ],
      },
    ]);
    optimizer.apply({ [a.name]: tf.ones([2]), [b.name]: tf.ones([3]) }, tf.scalar(0.1));
    const [before, value] = [optimizer.stateDict(), b.dataSync().slice()];
    optimizer.apply({ [a.name]: tf.ones([2]) }, tf.scalar(0.1));
    const after = optimizer.stateDict();
    for (const kind of ['first_moment', 'second_moment']) {
      expect(after.get(`${kind}.b`)).toEqual(before.get(`${kind}.b`));
      expect(after.get(`${kind}.a`)!.data[0]).toBeGreaterThan(before.get(`${kind}.a`)!.data[0] as number);
    }
    expect(b.dataSync()).toEqual(value);
    expect(a.dataSync()[0]).toBeCloseTo(0.8, 4);
  });

  it('refuses a parameter in two groups, and none at all', () => {
    const { parameters } = problem();
    expect(() => new Sgd([{ parameters }, { parameters }])).toThrow(InvalidOptionError);
    expect(() => new Sgd([])).toThrow('groups must be at least one parameter');
  });
});

describe('errors', () => {
  it('names options out of range', () => {
    const groups = [{ parameters: problem().parameters }];
    expect(() => new Sgd(groups, { nesterov: true })).toThrow('nesterov must be false, or true with momentum > 0');
    expect(() => new AdamW(groups, { betas: [0.9, 1] })).toThrow('betas[1] must be in [0, 1), got 1');
  });

  it('refuses a gradient of another shape', () => {
    const the = problem();
    const optimizer = new Sgd([{ parameters: the.parameters }]);
    expect(() => optimizer.apply({ [the.bias.name]: tf.zeros([3]) }, tf.scalar(1))).toThrow(ShapeError);
  });

  it('refuses the state of another optimiser and changes nothing', () => {
    const { parameters } = problem();
    const optimizer = new Sgd([{ parameters }], { momentum: 0.9 });
    const before = optimizer.stateDict();
    expect(() => optimizer.loadStateDict(new Adam([{ parameters }]).stateDict())).toThrow(CheckpointError);
    const short = new Map(before);
    short.delete('velocity.bias');
    expect(() => optimizer.loadStateDict(short)).toThrow("optimiser state lacks 'velocity.bias'");
    const wrong = new Map(before).set('velocity.bias', { data: new Float32Array(3), shape: [3] });
    expect(() => optimizer.loadStateDict(wrong)).toThrow('has shape [3], expected float32 [2]');
    expect(optimizer.stateDict()).toEqual(before);
  });
});

it('with clipped gradients follow PyTorch over 100 steps', async () => {
  const { clipped } = golden;
  const clip = clipByGlobalNorm(clipped.maxNorm);
  const norms: number[] = [];
  await expectTrajectory(sgd(), clipped, {
    compiled: false,
    before: (given) => {
      const { gradients, metrics } = clip.apply(given);
      norms.push(metrics!['gradientNorm']!.dataSync()[0]!);
      return gradients;
    },
  });
  expect(golden.kept.map((step) => norms[step - 1]!)).toBeAllClose(clipped.norm, { rtol: 1e-5 });
});

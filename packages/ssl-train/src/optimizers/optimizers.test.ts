import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
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
import { Optimizer, type UpdatedVectors, type VectorUpdate } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';
import { spread } from './parameter-norms.js';
import { Sgd, type SgdOptions } from './sgd.js';
import type { SlotKind } from './slot.js';

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

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.entries(registry))('%s', (name, make) => {
  it.each([false, true])('follows PyTorch over 100 steps (compiled: %s)', async (compiled) => {
    const late = name.endsWith('late');
    await expectTrajectory(make, golden.cases[name as keyof typeof golden.cases], { compiled, late });
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

  it('refuses a parameter in two groups, and none at all', () => {
    const { parameters } = problem();
    expect(() => new Sgd([{ parameters }, { parameters }])).toThrow(InvalidOptionError);
    expect(() => new Sgd([])).toThrow('groups must be at least one parameter');
  });
});

/** Moves each parameter by the number of its updates, and keeps the largest gradient of each. */
class ByCount extends Optimizer {
  readonly settings = { optimizer: 'ByCount' };
  constructor(groups: readonly ParameterGroup[]) {
    const largest: SlotKind = { name: 'largest', shapeOf: () => [1] };
    super(groups, { weightDecay: 0, filter: decayEverything }, [largest, 'copy']);
  }
  protected update({ parameters, gradients, slots, byUpdates, sizes, rate }: VectorUpdate): UpdatedVectors {
    const moved = tf.sub(parameters, tf.mul(spread(byUpdates[0]!, sizes, parameters.size), rate));
    const most = tf.split(gradients, [...sizes]).map((part) => tf.reshape(tf.max(part), [1]) as tf.Tensor1D);
    return { parameters: moved, slots: [tf.maximum(slots[0]!, tf.concat(most)), moved] };
  }
}

it('an optimiser of its own has counts, and slots of shapes of their own', () => {
  const [a, b] = [tf.variable(tf.zeros([2, 2])), tf.variable(tf.zeros([3]))];
  const parameters = Object.entries({ a, b }).map(([name, variable]) => [name, { variable }] as const);
  const optimizer = new ByCount([{ parameters }]);
  const gradientOf = (variable: tf.Variable, value: number): tf.NamedTensorMap => ({
    [variable.name]: tf.fill(variable.shape, value),
  });
  optimizer.apply(gradientOf(a, 7), tf.scalar(1));
  optimizer.apply({ ...gradientOf(a, 5), ...gradientOf(b, 2) }, tf.scalar(1));
  expect([...a.dataSync(), ...b.dataSync()]).toEqual([-3, -3, -3, -3, -1, -1, -1]);
  const state = Object.fromEntries([...optimizer.stateDict()].map(([name, { data }]) => [name, [...data]]));
  expect(state).toEqual({
    step: [2],
    'updates.b': [1],
    'largest.a': [7],
    'largest.b': [2],
    'copy.a': [-3, -3, -3, -3],
    'copy.b': [-1, -1, -1],
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

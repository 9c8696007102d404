import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import golden from '../../../../test/golden/train/adafactor.json' with { type: 'json' };
import { expectTrajectory } from '../../../../test/support/golden-trajectory.js';
import { Adafactor, type AdafactorOptions } from './adafactor.js';
import { decayEverything } from './decay-filter.js';

/** Every option, as the golden of this name has it. */
const registry: Readonly<Record<keyof typeof golden.cases, AdafactorOptions>> = {
  adafactor: {},
  'adafactor-scaled': { scaleParameter: true },
  'adafactor-scale-epsilon': { scaleParameter: true, scaleEpsilon: 1.2 },
  'adafactor-epsilon': { epsilon: 0.1 },
  'adafactor-clip': { clipThreshold: 0.4 },
  'adafactor-decay-rate': { decayRate: -0.95 },
  'adafactor-momentum': { beta1: 0.9 },
  'adafactor-weight-decay': { weightDecay: 0.3 },
  'adafactor-all': { scaleParameter: true, beta1: 0.8, weightDecay: 0.3 },
  'adafactor-relative': { relativeStep: true, scaleParameter: true },
  'adafactor-relative-unscaled': { relativeStep: true },
  'adafactor-warmup': { relativeStep: true, scaleParameter: true, warmupInit: true },
  'adafactor-late': { beta1: 0.9 },
  'adafactor-relative-late': { relativeStep: true, scaleParameter: true },
};

beforeAll(() => tf.setBackend('cpu'));

describe.each(Object.keys(registry) as (keyof typeof golden.cases)[])('%s', (name) => {
  it.each([false, true])('follows transformers over 100 steps (compiled: %s)', async (compiled) => {
    const options = { decayFilter: decayEverything, ...registry[name] };
    const own = registry[name].relativeStep === true ? { rate: () => 1 } : {};
    const make = (groups: ConstructorParameters<typeof Adafactor>[0]): Adafactor => new Adafactor(groups, options);
    await expectTrajectory(make, golden.cases[name], { compiled, late: name.endsWith('late'), ...own });
  });
});

describe('state', () => {
  it('has rows and columns in place of matrices, of filters by height and width', () => {
    const shapes = { matrix: [6, 4], filter: [3, 2, 5, 7], tokens: [1, 8, 4], bias: [4], scale: [] as number[] };
    const parameters = Object.entries(shapes).map(
      ([name, shape]) => [name, { variable: tf.variable(tf.ones(shape)) }] as const,
    );
    const state = new Adafactor([{ parameters }]).stateDict();
    const kept = Object.fromEntries([...state].map(([name, { shape }]) => [name, shape]));
    expect(kept).toEqual({
      step: [],
      'row_moment.matrix': [6],
      'column_moment.matrix': [4],
      'row_moment.filter': [3, 5, 7],
      'column_moment.filter': [2, 5, 7],
      'row_moment.tokens': [1, 8],
      'column_moment.tokens': [1, 4],
      'second_moment.bias': [4],
      'second_moment.scale': [],
    });
    expect(new Adafactor([{ parameters }], { beta1: 0.9 }).stateDict().get('first_moment.filter')!.shape).toEqual([
      3, 2, 5, 7,
    ]);
  });
});

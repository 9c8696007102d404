import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '@selfsup/ssl-tensor';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { trajectoryProblem } from '../../../../test/support/golden-trajectory.js';
import { classes, optimizers } from '../../../../test/support/optimizer-registry.js';
import '../../../../test/support/to-be-all-close.js';
import * as train from '../index.js';
import type { Optimizer } from './optimizer.js';
import type { ParameterGroup } from './parameter-group.js';

beforeAll(() => tf.setBackend('cpu'));

const shapes = { matrix: [3, 4], bias: [4], filter: [2, 2, 3, 2], other: [5, 2], scale: [] as number[] };
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];
type Variables = Readonly<Record<Name, tf.Variable>>;

/** Values that differ by element, parameter and step. */
const wave = (shape: readonly number[], at: number): tf.Tensor => {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(1 + at * 1.7 + i * 0.9)),
    [...shape],
  );
};
const record = <T>(of: (name: Name, index: number) => T): Record<Name, T> =>
  Object.fromEntries(names.map((name, index) => [name, of(name, index)])) as Record<Name, T>;
const made = (): Variables => record((name, index) => tf.tidy(() => tf.variable(wave(shapes[name], index))));
const pairs = (variables: Variables, ...chosen: readonly Name[]) =>
  chosen.map((name) => [name, { variable: variables[name] }] as const);
const values = (variables: Variables): Record<Name, number[]> => record((name) => [...variables[name].dataSync()]);
const stateOf = (optimizer: Optimizer): Record<string, number[]> =>
  Object.fromEntries([...optimizer.stateDict()].map(([name, { data }]) => [name, [...data]]));
const rising = (step: number): number => 0.02 * (step + 1);

/** Five parameters, of which two share a bucket or more, in three groups with rates and decays of their own. */
const groupsOf = (variables: Variables, rate: number): ParameterGroup[] => [
  { parameters: pairs(variables, 'matrix', 'bias') },
  { parameters: pairs(variables, 'filter', 'scale'), learningRateScale: 0.5, weightDecay: rising },
  { parameters: pairs(variables, 'other'), learningRate: (step) => rate * rising(step) * 10, weightDecay: 0.1 },
];

/** One update with gradients of its own; `missing` have none. */
function update(optimizer: Optimizer, variables: Variables, step: number, rate: number, missing: readonly Name[] = []) {
  tf.tidy(() => {
    const scalars = Object.fromEntries(
      Object.entries(optimizer.schedules).map(([name, schedule]) => [name, tf.scalar(schedule(step))]),
    );
    const gradients = Object.fromEntries(
      names
        .filter((name) => !missing.includes(name))
        .map((name) => [variables[name].name, wave(shapes[name], 10 + names.indexOf(name) + step * 3)]),
    );
    optimizer.apply(gradients, { learningRate: tf.scalar(rate), ...scalars });
  });
}

describe.each(optimizers.map((entry) => [entry.name, entry] as const))('%s', (_name, { make, rate }) => {
  it('decreases a quadratic', () => {
    const { parameters, gradients } = trajectoryProblem();
    const optimizer = make([{ parameters }]);
    const lossAfterStep = (): number =>
      tf.tidy(() => {
        const { value, grads } = gradients();
        optimizer.apply(grads, tf.scalar(rate));
        return value.dataSync()[0]!;
      });
    const first = lossAfterStep();
    let last = first;
    for (let i = 0; i < 80; i++) last = lossAfterStep();
    expect(last).toBeLessThan(first * 0.75);
  });

  it.each([1, 4])('goes on bit for bit from its state after %d updates', (after) => {
    const whole = made();
    const first = make(groupsOf(whole, rate));
    // The filter trains from the third step: its count is a part of the state.
    const missing = (step: number): Name[] => (step < 2 ? ['filter'] : []);
    for (let step = 0; step < after; step++) update(first, whole, step, rate, missing(step));
    const resumed = made();
    for (const name of names) resumed[name].assign(tf.clone(whole[name]));
    // In another order of groups and parameters: the state is by name.
    const [a, b, c] = groupsOf(resumed, rate);
    const second = make([a!, { ...b!, parameters: pairs(resumed, 'scale', 'filter') }, c!]);
    second.loadStateDict(first.stateDict());
    expect(stateOf(second)).toEqual(stateOf(first));
    for (let step = after; step < after + 4; step++) {
      update(first, whole, step, rate, missing(step));
      update(second, resumed, step, rate, missing(step));
      expect(values(resumed)).toEqual(values(whole));
    }
    expect(stateOf(second)).toEqual(stateOf(first));
    expect(stateOf(second)['updates.filter']).toEqual([after + 4 - 2]);
  });

  it('trains parameters of several groups as each would be by itself', () => {
    const together = made();
    const optimizer = make(groupsOf(together, rate));
    for (let step = 0; step < 5; step++) update(optimizer, together, step, rate);
    const apart = made();
    const groups = groupsOf(apart, rate);
    for (const name of names) {
      const group = groups.find(({ parameters }) => [...parameters].some(([own]) => own === name))!;
      const alone = make([{ ...group, parameters: pairs(apart, name) }]);
      for (let step = 0; step < 5; step++) update(alone, apart, step, rate);
      expect(together[name].dataSync()).toBeAllClose(apart[name].dataSync(), { rtol: 2e-6, atol: 1e-6 });
    }
    expect(values(together)).not.toEqual(values(made()));
  });

  it('trains what has gradients from a later step on as what begins there', () => {
    const late = made();
    const optimizer = make([{ parameters: pairs(late, ...names) }]);
    for (let step = 0; step < 3; step++) update(optimizer, late, step, rate, ['filter', 'bias']);
    expect(values(late)).toMatchObject({ filter: values(made()).filter, bias: values(made()).bias });
    for (let step = 3; step < 7; step++) update(optimizer, late, step, rate);
    const fresh = made();
    const begun = make([{ parameters: pairs(fresh, 'filter', 'bias') }]);
    for (let step = 3; step < 7; step++) update(begun, fresh, step, rate);
    for (const name of ['filter', 'bias'] as const)
      expect(late[name].dataSync()).toBeAllClose(fresh[name].dataSync(), { rtol: 2e-6, atol: 1e-6 });
  });

  it('keeps values and state of a parameter whose gradient is missing for once', () => {
    const variables = made();
    const optimizer = make([{ parameters: pairs(variables, ...names) }]);
    update(optimizer, variables, 0, rate);
    const [before, state] = [values(variables), stateOf(optimizer)];
    update(optimizer, variables, 1, rate, ['matrix', 'bias']);
    const [after, next] = [values(variables), stateOf(optimizer)];
    const isKept = (name: string): boolean => /\.(matrix|bias)$/.test(name) && !name.startsWith('updates.');
    const kept = (of: Record<string, number[]>) => Object.entries(of).filter(([name]) => isKept(name));
    expect(kept(next)).toEqual(kept(state));
    expect(after).toMatchObject({ matrix: before.matrix, bias: before.bias });
    for (const name of ['filter', 'other', 'scale'] as const) expect(after[name]).not.toEqual(before[name]);
    expect(next['updates.matrix']).toEqual([1]);
    expect(next).not.toHaveProperty('updates.other');
    update(optimizer, variables, 2, rate, names);
    expect(values(variables)).toEqual(after);
  });

  it('has finite steps where a parameter, its gradient or both are 0', () => {
    const variables = record((name) => tf.variable(tf.zeros(shapes[name])));
    const optimizer = make([{ parameters: pairs(variables, ...names) }]);
    const zero = (): tf.NamedTensorMap =>
      Object.fromEntries(names.map((name) => [variables[name].name, tf.zeros(shapes[name])]));
    tf.tidy(() => optimizer.apply(zero(), tf.scalar(rate)));
    expect(Object.values(values(variables)).flat()).toEqual(Array.from({ length: 51 }, () => 0));
    update(optimizer, variables, 0, rate);
    const moved = values(variables);
    for (const name of names) expect(Math.max(...moved[name].map(Math.abs))).toBeGreaterThan(0);
    tf.tidy(() => optimizer.apply(zero(), tf.scalar(rate)));
    const all = [...Object.values(values(variables)), ...Object.values(stateOf(optimizer))].flat();
    expect(all.every(Number.isFinite)).toBe(true);
  });

  it('updates a large parameter, which is by itself, as it does a small one', async () => {
    const few = 5;
    const ascending = (a: number, b: number): number => a - b;
    const each = (length: number): tf.Tensor1D =>
      tf.tensor1d(Float32Array.from({ length }, (_, i) => Math.cos(i % few)));
    // The first in blocks; the second padded for them, which leaves out no value of the five.
    const variables = [2 ** 18 * few, (2 ** 18 + 1) * few, few].map((length) => tf.variable(each(length)));
    const optimizer = make([{ parameters: new Map(variables.map((variable, i) => [`p${i}`, { variable }])) }]);
    const step = compile((factor: tf.Tensor): void => {
      const grads = variables.map((variable) => [variable.name, tf.mul(each(variable.size), factor)] as const);
      optimizer.apply(Object.fromEntries(grads), tf.scalar(0.1));
    });
    for (const factor of [1, -0.5, 2]) await step(tf.scalar(factor));
    const [lone, padded, small] = variables.map((variable) => [...variable.dataSync()]);
    expect(small).not.toEqual([...each(few).dataSync()]);
    const close = { rtol: 1e-6, atol: 1e-7 };
    for (const large of [lone!, padded!]) {
      expect(large.slice(0, few)).toBeAllClose(small!, close);
      expect(large.slice(-few).toSorted(ascending)).toBeAllClose(small!.toSorted(ascending), close);
    }
    const state = optimizer.stateDict();
    for (const name of [...state.keys()].filter((key) => /\.p[01]$/.test(key))) {
      const kept = state.get(name)!.data as Float32Array;
      expect(kept.slice(0, few)).toBeAllClose(state.get(name.replace(/.$/, '2'))!.data as Float32Array, close);
    }
    step.dispose();
    optimizer.dispose();
    tf.dispose(variables);
  });

  it('leaves no tensor behind, and frees its own', () => {
    const variables = made();
    const before = tf.memory().numTensors;
    const optimizer = make(groupsOf(variables, rate));
    const built = tf.memory().numTensors;
    update(optimizer, variables, 0, rate);
    update(optimizer, variables, 1, rate, ['filter']);
    expect(tf.memory().numTensors).toBe(built);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe.each(classes.map((entry) => [entry.name, entry] as const))('options of %s', (_name, entry) => {
  it('are refused out of range, and nothing is made', () => {
    const parameters = pairs(made(), ...names);
    const before = tf.memory().numTensors;
    expect(entry.refused!.length).toBeGreaterThan(5);
    for (const [options, message] of entry.refused!) {
      expect(() => entry.make([{ parameters }], options)).toThrow(InvalidOptionError);
      expect(() => entry.make([{ parameters }], options)).toThrow(message);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('each change the settings, by which a resumed run is compared', () => {
    const parameters = pairs(made(), ...names);
    const { settings } = entry.make([{ parameters }]);
    const { optimizer, ...compared } = settings;
    expect(optimizer).toBe(entry.name);
    expect(Object.keys(entry.changes!).sort()).toEqual(Object.keys(compared).sort());
    for (const [setting, options] of Object.entries(entry.changes!))
      expect(entry.make([{ parameters }], options).settings[setting]).not.toEqual(settings[setting]);
  });
});

it('the registry has every optimiser of the package', () => {
  const exported = Object.entries(train).flatMap(([name, value]) =>
    typeof value === 'function' && value.prototype instanceof train.Optimizer && name !== 'AdamFamily' ? [name] : [],
  );
  expect(exported.length).toBeGreaterThan(6);
  expect(classes.map(({ name }) => name).sort()).toEqual(exported.sort());
});

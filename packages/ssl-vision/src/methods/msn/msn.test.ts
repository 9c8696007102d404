import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { expectSteps, type StepsCase, stepsStatistics } from '../../../../../test/golden/vision/expect-steps.js';
import type { VisionTransformerOptions } from '../../encoders/vision-transformer/vision-transformer-options.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { MsnHead } from '../../heads/msn-head.js';
import { Msn, type MsnOptions } from './msn.js';
import { Pmsn } from './pmsn.js';

interface Golden {
  readonly numbers: Partial<MsnOptions>;
  readonly options: Omit<VisionTransformerOptions, 'key'>;
  readonly head: { readonly hiddenDim: number; readonly outDim: number };
  readonly cases: Record<'Msn' | 'Pmsn', StepsCase & { readonly own: object }>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/msn.json', import.meta.url), 'utf8'),
) as Golden;
const key = randomKey(0);
const classes = { Msn, Pmsn };
const make = (name: 'Msn' | 'Pmsn', changes: object = {}): Msn | Pmsn =>
  new classes[name]({
    backbone: new VisionTransformer({ ...golden.options, key }),
    head: new MsnHead(12, { ...golden.head, key }),
    key,
    normalize: stepsStatistics,
    prototypes: 7,
    ...changes,
  });
const ctx = (seed = 1) => ({ ...training, key: tf.tensor1d([seed, 5], 'int32'), values: {}, phase: 'train' });
const view = (size: number, seed: number): tf.Tensor =>
  tf.cast(tf.randomUniform([4, size, size, 1], 0, 256, 'float32', seed), 'int32');
const crops = (): tf.Tensor[] => [view(12, 1), view(12, 2), view(8, 3)];

describe.each(['Msn', 'Pmsn'] as const)('%s', (name) => {
  it('three steps equal lightly', async () => {
    const steps = golden.cases[name];
    await expectSteps(() => make(name, { ...golden.numbers, ...steps.own }), steps, {
      twins: { teacher: 'backbone', teacherHead: 'head' },
    });
  });

  it('drops patches of the anchors by the key of the step, and none of what the teacher sees', () => {
    const method = make(name, { maskRatio: 0.5 });
    const told = (seed: number) => method.loss({ views: crops() }, ctx(seed));
    expect(told(1).loss.dataSync()[0]).toBe(told(1).loss.dataSync()[0]);
    expect(told(1).loss.dataSync()[0]).not.toBe(told(2).loss.dataSync()[0]);
    const [first, second] = [told(1), told(2)].map(({ metrics }) => metrics!['featureStd']!.dataSync()[0]);
    expect(first).toBe(second);
    const { key: _none, ...without } = ctx();
    expect(() => method.loss({ views: crops() }, without)).toThrow(InvalidOptionError);
  });

  it('trains encoder, head and prototypes, and not the teacher', () => {
    const method = make(name);
    const names = new Set([...method.trainable().keys()].map((one) => one.split('.')[0]));
    expect([...names]).toEqual(['backbone', 'head', 'prototypes']);
    const pairs = method.emaPairs({ totalSteps: 10, stepsPerEpoch: 5 });
    expect(pairs.map(({ buffers }) => buffers)).toEqual(['keep', 'keep']);
  });

  it('refuses what does not fit', () => {
    expect(() => make(name, { maskRatio: 1 })).toThrow(InvalidOptionError);
    expect(() => make(name, { prototypes: 0 })).toThrow(InvalidOptionError);
    expect(() => make(name, { head: {} })).toThrow('head must be an MsnHead');
    expect(() => make(name, { backbone: {} })).toThrow('a VisionTransformer');
    expect(() => make(name).loss({ views: [view(12, 1)] }, ctx())).toThrow(ShapeError);
  });
});

it('Pmsn takes an exponent of 0 or more', () => {
  expect(() => make('Pmsn', { powerLawExponent: -1 })).toThrow(InvalidOptionError);
  expect(make('Pmsn').settings['powerLawExponent']).toBe(0.25);
});

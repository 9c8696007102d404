import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { Sgd } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { SimSiam } from '../simsiam/simsiam.js';
import { FastSiam, type FastSiamOptions, fastSiamSmall } from './fastsiam.js';

type Own = Omit<FastSiamOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/fastsiam.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const parts = () => ({
  backbone: new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] }),
  key,
  normalize: statistics,
  outDim: 8,
});
const build = (options: Own = {}): FastSiam => new FastSiam({ ...parts(), ...options });
const lossOf = (method: FastSiam | SimSiam, views: number): tf.Scalar =>
  method.loss(tensorsOf(batchOf(0, views)), training).loss;

describe('FastSiam', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(
      () => build(options),
      golden,
      (step) => batchOf(step, 4),
    );
  });

  it('with one target is SimSiam', () => {
    const loss = lossOf(build({ targets: 1 }), 2).dataSync()[0]!;
    expect(loss).toBeCloseTo(lossOf(new SimSiam(parts()), 2).dataSync()[0]!, 6);
  });

  it('lets no gradient into targets: without the predictor none reaches the encoder', () => {
    const method = build();
    const { backbone, predictor } = method.modules;
    const variables = [...backbone.namedParameters().values()].map(({ variable }) => variable);
    const size = (): number => {
      const { grads } = tf.variableGrads(() => lossOf(method, 4), variables);
      return Math.max(...Object.values(grads).map((grad) => tf.max(tf.abs(grad)).dataSync()[0]!));
    };
    expect(size()).toBeGreaterThan(0);
    for (const [name, { variable }] of predictor.namedParameters())
      if (name.endsWith('weight')) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    expect(size()).toBe(0);
  });

  it('has groups in which the rate of the predictor is its own', () => {
    const method = build();
    const groups = method.parameterGroups(0.5);
    expect(groups.map(({ learningRate }) => learningRate)).toEqual([undefined, 0.5]);
    expect(new Sgd(groups).parameters.map(({ name }) => name)).toEqual([...method.trainable().keys()]);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ targets: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ depth: 0 })).toThrow('FastSiam: depth');
    expect(() => lossOf(build(), 1)).toThrow(ShapeError);
    expect(() => lossOf(build(), 3)).toThrow('FastSiam: views must be 4 arrays of one shape');
    expect(build({ ...fastSiamSmall, outDim: 8 }).settings).toMatchObject({ targets: 3 });
  });
});

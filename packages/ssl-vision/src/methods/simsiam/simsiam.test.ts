import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { Sgd } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { SimSiam, simSiamSmall, type SimSiamOptions } from './simsiam.js';

type Own = Omit<SimSiamOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/simsiam.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): SimSiam =>
  new SimSiam({ backbone: backbone(), key, normalize: statistics, outDim: 8, ...options });

describe('SimSiam', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('has groups in which the rate of the predictor does not fall', () => {
    const method = build();
    const optimizer = new Sgd(method.parameterGroups(0.5));
    expect(optimizer.parameters.map(({ name }) => name)).toEqual([...method.trainable().keys()]);
    const before = method.modules.predictor.stateDict().get('layers.3.bias')!.data.slice();
    const gradients = [...method.trainable().values()].map(({ variable }) => [variable.name, tf.onesLike(variable)]);
    optimizer.apply(Object.fromEntries(gradients) as tf.NamedTensorMap, tf.scalar(0));
    const after = method.modules.predictor.stateDict().get('layers.3.bias')!.data;
    before.forEach((value, at) => expect(after[at]).toBeCloseTo(value - 0.5, 6));
    expect(method.modules.head.stateDict()).toEqual(build().modules.head.stateDict());
  });

  it('ends its projection in a batch norm without scale, and predicts through a bottleneck', () => {
    const { head, predictor } = build().modules;
    expect([...head.namedParameters().keys()].at(-1)).toBe('layers.6.weight');
    expect(head.namedBuffers().has('layers.7.running_mean')).toBe(true);
    expect(predictor.namedParameters().get('layers.0.weight')!.variable.shape).toEqual([8, 2]);
    const small = new SimSiam({ backbone: backbone(), key, normalize: statistics, ...simSiamSmall }).modules;
    expect([...small.head.namedParameters().keys()].at(-1)).toBe('layers.3.weight');
    expect(small.predictor.namedParameters().get('layers.0.weight')!.variable.shape).toEqual([2048, 512]);
  });

  it('tells a collapse by featureStd', () => {
    const std = (method: SimSiam): number =>
      method.loss(tensorsOf(batchOf(0)), training).metrics!['featureStd']!.dataSync()[0]!;
    const collapsed = build();
    for (const { variable } of collapsed.modules.backbone.namedParameters().values())
      tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    expect(std(collapsed)).toBeLessThan(1e-3);
    expect(std(build())).toBeGreaterThan(0.1);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ depth: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ predictionDim: 1.5 })).toThrow(InvalidOptionError);
    expect(() => build().loss(tensorsOf(batchOf(0, 1)), training)).toThrow(ShapeError);
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { Sgd } from '@selfsup/ssl-train';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  expectTraining,
  gradientSize,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Byol, byolDefaults, byolSmall, type ByolOptions } from './byol.js';

type Own = Omit<ByolOptions, 'backbone' | 'key' | 'normalize'>;

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/byol.json', import.meta.url), 'utf8'),
) as { cases: (TrainingCase & { options: Own })[] };
const key = randomKey(0);
const backbone = () => new SmallConvEncoder({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] });
const build = (options: Own = {}): Byol =>
  new Byol({ backbone: backbone(), key, normalize: statistics, hiddenDim: 12, outDim: 6, ...options });

describe('Byol', () => {
  it.each(cases)('three updates equal those with lightly', async ({ options, ...golden }) => {
    await expectTraining(() => build(options), golden);
  });

  it('begins with an equal twin, which no gradient enters', () => {
    const method = build();
    const { backbone: online, head, predictor, momentumBackbone, momentumHead } = method.modules;
    expect(momentumBackbone.stateDict()).toEqual(online.stateDict());
    expect(momentumHead.stateDict()).toEqual(head.stateDict());
    expect(gradientSize(method, [predictor])).toBeGreaterThan(0);
    expect(gradientSize(method, [momentumBackbone, momentumHead])).toBe(0);
  });

  it('has a momentum that rises to 1 over the run', () => {
    const pairs = build().emaPairs({ totalSteps: 100, stepsPerEpoch: 10 });
    expect(pairs).toHaveLength(2);
    for (const { momentum, buffers } of pairs) {
      const at = momentum as (step: number) => number;
      expect([at(0), at(100)]).toEqual([byolDefaults.momentum, 1]);
      expect(at(50)).toBeCloseTo(0.998, 10);
      expect(buffers).toBe('keep');
    }
  });

  it('does not depend on the order of the views', () => {
    const { views } = tensorsOf(batchOf(0));
    const loss = (given: readonly tf.Tensor[]): number => build().loss({ views: given }, training).loss.dataSync()[0]!;
    expect(loss(views)).toBeCloseTo(loss(views.toReversed()), 5);
  });

  it('has a preset for small pictures', () => {
    const method = new Byol({ backbone: backbone(), key, normalize: statistics, ...byolSmall });
    expect(method.modules.predictor.namedParameters().get('layers.0.weight')!.variable.shape).toEqual([256, 1024]);
    expect(method.settings).toMatchObject({ momentum: 0.99 });
    // The projection ends in a batch norm without scale and offset.
    expect([...method.modules.head.stateDict().keys()].slice(-4)).toEqual([
      'layers.3.weight',
      'layers.4.running_mean',
      'layers.4.running_var',
      'layers.4.num_batches_tracked',
    ]);
  });

  it('has groups in which the rate of the predictor does not fall', () => {
    const method = build();
    const optimizer = new Sgd(method.parameterGroups(0.5));
    expect(optimizer.parameters.map(({ name }) => name)).toEqual([...method.trainable().keys()]);
    const { predictor, head } = method.modules;
    const [before, kept] = [predictor.stateDict().get('layers.3.bias')!.data.slice(), head.stateDict()];
    const gradients = [...method.trainable().values()].map(({ variable }) => [variable.name, tf.onesLike(variable)]);
    optimizer.apply(Object.fromEntries(gradients) as tf.NamedTensorMap, tf.scalar(0));
    before.forEach((value, at) =>
      expect(predictor.stateDict().get('layers.3.bias')!.data[at]).toBeCloseTo(value - 0.5, 6),
    );
    expect(head.stateDict()).toEqual(kept);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ momentum: -0.1 })).toThrow(InvalidOptionError);
    expect(() => build({ hiddenDim: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ lastNorm: 'batch' as 'plain' })).toThrow(InvalidOptionError);
    const { views } = tensorsOf(batchOf(0, 3));
    expect(() => build().loss({ views }, training)).toThrow(ShapeError);
    expect(() => build().loss({ views: [views[0]!, tf.zeros([8, 4, 4, 3])] }, training)).toThrow(
      'Byol: views must be two arrays of one shape, got [8, 8, 8, 3] and [8, 4, 4, 3]',
    );
    const single = views.slice(1).map((view) => tf.slice(view, [0, 0, 0, 0], [1, -1, -1, -1]));
    expect(() => build().loss({ views: single }, training)).toThrow('Byol: views must be of 2 images a batch or more');
  });
});

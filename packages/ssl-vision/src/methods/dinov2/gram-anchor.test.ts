import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, randomKey, ShapeError } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { stepsStatistics } from '../../../../../test/golden/vision/expect-steps.js';
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { DinoHead } from '../../heads/dino-head.js';
import { DinoV2 } from './dinov2.js';
import type { GramAnchoringPhase } from './gram-anchor.js';

const key = randomKey(0);
const run = { totalSteps: 100, stepsPerEpoch: 10 };
const vit = { imageSize: 12, patchSize: 4, inChannels: 1, dim: 12, depth: 1, heads: 2, maskToken: true };
const build = (gram?: GramAnchoringPhase): DinoV2 =>
  new DinoV2({
    backbone: new VisionTransformer({ ...vit, key }),
    head: new DinoHead(12, { key, hiddenDim: 16, bottleneckDim: 8, outDim: 10 }),
    normalize: stepsStatistics,
    ...(gram === undefined ? {} : { gram }),
  });
const ctx = (phase: 'all' | 'gram') => ({
  ...training,
  key: tf.tensor1d([1, 5], 'int32'),
  values: { teacherTemperature: tf.scalar(0.04) },
  phase,
});
const view = (size: number, seed: number): tf.Tensor =>
  tf.cast(tf.randomUniform([4, size, size, 1], 0, 256, 'float32', seed), 'int32');
const metric = (method: DinoV2, views: tf.Tensor[], phase: 'all' | 'gram'): number[] => {
  const { loss, metrics } = method.loss({ views }, ctx(phase));
  return [loss.dataSync()[0]!, metrics!['gramLoss']!.dataSync()[0]!];
};

// That three steps equal the arithmetic of DINOv3 is tested with DINOv2's other goldens, in ibot.test.ts.
describe('DinoV2 with Gram anchoring', () => {
  it('is as without until its phase, which begins when the prototypes train', () => {
    const plain = build();
    expect(plain.modules).not.toHaveProperty('gramTeacher');
    expect(plain.settings).not.toHaveProperty('gram');
    expect(plain.emaPairs(run)).toHaveLength(2);
    const method = build({ startStep: 30 });
    expect([0, 9, 10, 29, 30, 99].map((step) => method.phaseAt(step, run))).toEqual([
      'lastLayerFrozen',
      'lastLayerFrozen',
      'all',
      'all',
      'gram',
      'gram',
    ]);
    expect(build({ startStep: 5 }).phaseAt(9, run)).toBe('lastLayerFrozen');
    expect([...method.trainable('gram').keys()]).toEqual([...plain.trainable('all').keys()]);
    const views = [view(12, 1), view(12, 2), view(8, 3)];
    const [before, none] = metric(method, views, 'all') as [number, number];
    expect(before).toBe(plain.loss({ views }, ctx('all')).loss.dataSync()[0]);
    expect(none).toBe(0);
  });

  it('takes its teacher once, and renews it so many times', () => {
    const method = build({ startStep: 20, takeStep: 8, everySteps: 5, renewals: 2 });
    const pairs = method.emaPairs(run);
    expect(pairs.map(({ target }) => target)).toEqual([
      method.modules.teacher,
      method.modules.teacherHead,
      method.modules.gramTeacher,
    ]);
    expect(pairs[2]!.online).toBe(method.modules.teacher);
    const momentum = pairs[2]!.momentum as (step: number) => number;
    const taken = Array.from({ length: 100 }, (_, step) => step + 1).filter((updates) => momentum(updates - 1) === 0);
    expect(taken).toEqual([8, 25, 30]);
    expect([...method.trainable().keys()].some((name) => name.startsWith('gramTeacher'))).toBe(false);
  });

  it('is 0 where the student sees as the Gram teacher does, and weighs what differs', () => {
    const method = build({ startStep: 1, weight: 3 });
    const views = [view(12, 1), view(12, 2), view(8, 3)];
    const [loss, gram] = metric(method, views, 'gram') as [number, number];
    const [without] = metric(method, views, 'all') as [number];
    // Masked patches alone differ.
    expect(gram).toBeGreaterThan(1e-4);
    expect(loss - without).toBeCloseTo(3 * gram, 4);
    for (const { variable } of method.modules.gramTeacher!.namedParameters().values())
      tf.tidy(() => variable.assign(tf.neg(variable)));
    expect(metric(method, views, 'gram')[1]).not.toBeCloseTo(gram, 4);
  });

  it('shows the student means of the pixels that its Gram teacher sees', () => {
    const large = [view(24, 1), view(24, 2), view(8, 3)];
    const small = large.map((images, at) =>
      at === 2 ? images : tf.avgPool(tf.cast(images, 'float32') as tf.Tensor4D, 2, 2, 'valid'),
    );
    const [loss] = metric(build({ startStep: 1, scale: 2 }), large, 'all') as [number];
    const [expected] = metric(
      build({ startStep: 1 }),
      small.map((images) => tf.cast(images, 'float32')),
      'all',
    ) as [number];
    expect(loss).toBeCloseTo(expected, 4);
    expect(metric(build({ startStep: 1, scale: 2 }), large, 'gram')[1]).toBeGreaterThan(0);
  });

  it('refuses what does not fit', () => {
    expect(() => build({ startStep: 0 })).toThrow('gram.startStep');
    expect(() => build({ startStep: 5, takeStep: 6 })).toThrow('gram.takeStep must be at most gram.startStep 5');
    expect(() => build({ startStep: 5, everySteps: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ startStep: 5, weight: -1 })).toThrow(InvalidOptionError);
    expect(() => build({ startStep: 5, scale: 1.5 })).toThrow(InvalidOptionError);
    expect(() => build({ startStep: 5, start: 1 } as never)).toThrow('startStep');
    const odd = [view(15, 1), view(15, 2)];
    expect(() => metric(build({ startStep: 1, scale: 2 }), odd, 'all')).toThrow(ShapeError);
  });
});

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, ShapeError, randomKey } from '@selfsup/ssl-tensor';
import { describe, expect, it } from 'vitest';
import { fillFromGolden } from '../../../../../test/golden/vision/expect-backbone.js';
import {
  batchOf,
  expectTraining,
  gradientSize,
  statistics,
  tensorsOf,
  type TrainingCase,
} from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import type { EncoderTeacher } from '../distillation/teacher.js';
import { Seed, seedDefaults, type SeedOptions } from './seed.js';

type Case = TrainingCase & {
  readonly options: Partial<SeedOptions>;
  readonly teacher: Omit<EncoderTeacher, 'encoder'>;
  readonly teacherShapes: Readonly<Record<string, number[]>>;
};
const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/seed.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

const key = randomKey(0);
const encoder = (channels: number[], strides: number[]) =>
  new SmallConvEncoder({ key, inChannels: 3, channels, strides });
const build = (options: Partial<SeedOptions> = {}): Seed =>
  new Seed({
    backbone: encoder([4, 8], [1, 2]),
    key,
    normalize: statistics,
    teacher: { encoder: encoder([5, 10], [1, 1]), normalize: statistics },
    queueSize: 16,
    ...options,
  });

describe('Seed', () => {
  it.each(cases)("three updates equal those of the authors' arithmetic on PyTorch", async (golden) => {
    const make = (): Seed => {
      const taught = encoder([5, 10], [1, 1]);
      const known = Object.entries(golden.teacherShapes).filter(([name]) => !name.endsWith('num_batches_tracked'));
      fillFromGolden(taught, Object.fromEntries(known));
      return build({ ...golden.options, teacher: { ...golden.teacher, encoder: taught } });
    };
    await expectTraining(make, golden, (step) => batchOf(step, 1));
  });

  it('has no gradient in the teacher and the temperatures of the paper', () => {
    const taught = encoder([5, 10], [1, 1]);
    const method = build({ teacher: { encoder: taught, normalize: statistics } });
    expect(gradientSize(method, [taught])).toBe(0);
    expect(gradientSize(method, [method.modules.backbone])).toBeGreaterThan(0);
    expect(method.settings).toMatchObject({ studentTemperature: 0.2, teacherTemperature: 0.01, queueSize: 16 });
    expect(seedDefaults.queueSize).toBe(65536);
  });

  it('takes features that come with the batch', () => {
    const method = build({ teacher: { featureDim: 3, digest: 'own' } });
    const batch = tensorsOf(batchOf(0, 1));
    const features = tf.randomNormal([8, 3], 0, 1, 'float32', 4);
    expect(Number.isFinite(method.loss({ ...batch, teacher: { features } }, training).loss.dataSync()[0])).toBe(true);
    expect(() => method.loss(batch, training)).toThrow('withTeacher');
  });

  it('refuses what does not fit', () => {
    expect(() => build({ queueSize: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ teacherTemperature: 0 })).toThrow(InvalidOptionError);
    expect(() => build({ teacher: { encoder: 3 as never, normalize: statistics } })).toThrow('Seed: teacher.encoder');
    expect(() => build({ queueSize: 20 }).afterUpdate(training, { taught: tf.zeros([8, 10]) })).toThrow(
      'a number of images an update that divides queueSize 20, got 8',
    );
    expect(() => build().loss({ views: [] }, training)).toThrow(ShapeError);
  });
});

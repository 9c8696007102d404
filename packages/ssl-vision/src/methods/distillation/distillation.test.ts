import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { Module, training } from '@selfsup/ssl-nn';
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
import { VisionTransformer } from '../../encoders/vision-transformer/vision-transformer.js';
import { distillationDense, Distillation, type DistillationOptions } from './distillation.js';
import type { EncoderTeacher } from './teacher.js';

type Own = Omit<DistillationOptions, 'backbone' | 'key' | 'normalize' | 'teacher'>;
type Case = TrainingCase & {
  readonly options: Own;
  readonly views: number;
  readonly teacher: Omit<EncoderTeacher, 'encoder'>;
  readonly teacherShapes: Readonly<Record<string, number[]>>;
};

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../../test/golden/vision/distillation.json', import.meta.url), 'utf8'),
) as { cases: Case[] };
const key = randomKey(0);
const small = (channels: number[], strides: number[], seed = 0): SmallConvEncoder =>
  new SmallConvEncoder({ key: randomKey(seed), inChannels: 3, channels, strides });
const student = () => small([4, 8], [1, 2]);
const teacher = (seed = 5) => small([5, 10], [1, 1], seed);
const vit = (depth = 2) =>
  new VisionTransformer({ key, imageSize: 8, patchSize: 4, dim: 12, depth, heads: 2, pool: 'mean' });
const build = (options: Partial<DistillationOptions> = {}): Distillation =>
  new Distillation({
    backbone: student(),
    key,
    normalize: statistics,
    teacher: { encoder: teacher(), normalize: statistics },
    ...options,
  });
const batch = tensorsOf(batchOf(0, 1));
const lossOf = (method: Distillation, given: Parameters<Distillation['loss']>[0] = batch): number =>
  method.loss(given, training).loss.dataSync()[0]!;

describe('Distillation', () => {
  it.each(cases)('three updates equal those with PyTorch: $options', async (golden) => {
    const make = (): Distillation => {
      const encoder = teacher();
      const known = Object.entries(golden.teacherShapes).filter(([name]) => !name.endsWith('num_batches_tracked'));
      fillFromGolden(encoder, Object.fromEntries(known));
      return build({ ...golden.options, teacher: { ...golden.teacher, encoder } });
    };
    await expectTraining(make, golden, (step) => batchOf(step, golden.views));
  });

  it('leaves the teacher alone, which no checkpoint holds', () => {
    const encoder = teacher();
    const before = encoder.stateDict();
    const method = build({ teacher: { encoder, normalize: statistics }, ...distillationDense });
    expect(gradientSize(method, [encoder])).toBe(0);
    expect(gradientSize(method, [method.modules.backbone])).toBeGreaterThan(0);
    expect(encoder.stateDict()).toEqual(before);
    expect(Object.keys(method.modules)).toEqual(['backbone', 'head', 'patchHead']);
  });

  it('tells teachers apart by their weights, by which a run does not go on with another', () => {
    const digestOf = (seed: number): unknown =>
      (build({ teacher: { encoder: teacher(seed), normalize: statistics } }).settings['teacher'] as { digest: string })
        .digest;
    expect(digestOf(5)).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf(5)).toBe(digestOf(5));
    expect(digestOf(5)).not.toBe(digestOf(6));
  });

  it('takes features that come with the batch for those of the encoder', () => {
    const encoder = teacher();
    const images = tf.div(tf.sub(tf.div(batch.views[0]!, 255), 0.5), 0.25) as tf.Tensor4D;
    const features = encoder.forward(images);
    const [map] = encoder.maps(images, undefined, { stages: [1] });
    const options = { patchWeight: 1 } as const;
    const inBatch = build({ teacher: { featureDim: 10, mapDim: 10, digest: 'own' }, ...options });
    const given = { ...batch, teacher: { features, map: map! } };
    expect(lossOf(inBatch, given)).toBeCloseTo(
      lossOf(build({ teacher: { encoder, normalize: statistics }, ...options })),
      5,
    );
    expect(inBatch.settings['teacher']).toEqual({ digest: 'own' });
    expect(() => lossOf(inBatch)).toThrow('Let the loader add it: withTeacher(loader, { encoder, normalize })');
    expect(() => lossOf(inBatch, { ...given, teacher: { features, map: features } })).toThrow(ShapeError);
  });

  it('copies tokens into a map and maps into tokens, of any block or stage', () => {
    for (const [backbone, encoder] of [
      [vit(), teacher()],
      [student(), vit()],
      [vit(1), vit()],
    ] as const) {
      const method = build({ backbone, teacher: { encoder, normalize: statistics }, patchWeight: 1 });
      expect(gradientSize(method, [backbone])).toBeGreaterThan(0);
      const early = build({
        backbone,
        teacher: { encoder, normalize: statistics, stage: 1 },
        patchWeight: 1,
        stage: 1,
      });
      expect(Number.isFinite(lossOf(early))).toBe(true);
      expect(early.settings).toMatchObject({ stage: 1, teacher: { stage: 1 } });
    }
  });

  it('has the loss of a student that equals its teacher at 0', () => {
    const encoder = teacher();
    const same = { head: 'none', targets: 'raw', normalize: statistics } as const;
    // Batch statistics are not the running ones: in evaluation both are the same.
    const method = build({ backbone: encoder, teacher: { encoder, normalize: statistics }, ...same });
    const { loss, metrics } = method.loss(batch, { training: false, values: {}, phase: 'train' } as never);
    expect(loss.dataSync()[0]).toBeCloseTo(0, 5);
    expect(metrics!['similarity']!.dataSync()[0]).toBeCloseTo(1, 5);
  });

  it('takes statistics once per update, and of all batches of it', () => {
    const parts = [batchOf(0, 1), batchOf(1, 1)].map(tensorsOf);
    const whole = { views: [tf.concat(parts.map(({ views }) => views[0]!))] };
    const after = (batches: readonly { readonly views: tf.Tensor[] }[]): Float32Array => {
      const method = build();
      const carried = batches.map((given) => method.loss(given, training).carried!['targets']!);
      method.afterUpdate(training, { targets: tf.concat(carried) });
      return method.state['targets']!.buffers['mean']!.dataSync() as Float32Array;
    };
    after(parts).forEach((value, at) => expect(value).toBeCloseTo(after([whole])[at]!, 5));
  });

  it('refuses what does not fit', () => {
    class Plain extends Module {
      readonly featureDim = 8;
      private readonly inner = student();
      forward(images: tf.Tensor4D): tf.Tensor2D {
        return this.inner.forward(images);
      }
    }
    expect(() => build({ globalWeight: 0 })).toThrow('above 0 where patchWeight is 0');
    expect(() => build({ globalDistance: 'l2' as never })).toThrow(InvalidOptionError);
    expect(() => build({ head: 'none' })).toThrow('linear or mlp where the student has 8 features and the teacher 10');
    expect(() => build({ stage: 2, patchWeight: 1 })).toThrow(/stage/);
    expect(() => build({ backbone: new Plain(), patchWeight: 1 })).toThrow('an encoder with maps or tokens');
    expect(() => build({ teacher: { encoder: {} as never, normalize: statistics } })).toThrow('teacher.encoder');
    expect(() => build({ teacher: { encoder: teacher(), normalize: { mean: 128, std: 64 } } })).toThrow(
      'teacher.normalize.mean',
    );
    expect(() => build({ teacher: null as never })).toThrow(InvalidOptionError);
    expect(() => build({ teacher: { featureDim: 4, digest: 'x' }, patchWeight: 1 })).toThrow('teacher.mapDim');
    expect(() => lossOf(build(), { views: [] })).toThrow(ShapeError);
    expect(() => lossOf(build(), { views: [batch.views[0]!, tf.zeros([8, 4, 4, 3])] })).toThrow(
      'Distillation: views must be one or more arrays of one shape',
    );
    const single = { views: [tf.slice(batch.views[0]!, 0, 1)] };
    expect(() => lossOf(build(), single)).toThrow(ShapeError);
  });

  it('refuses a student that would have to run twice', () => {
    class Mapped extends SmallConvEncoder {}
    const backbone = Object.assign(new Mapped({ key, inChannels: 3, channels: [4, 8], strides: [1, 2] }), {
      pooled: undefined,
    });
    expect(() => build({ backbone: backbone as never, patchWeight: 1 })).toThrow('Write forward as pooled(maps(...))');
    expect(() => build({ backbone: backbone as never, patchWeight: 1, globalWeight: 0 })).not.toThrow();
  });
});

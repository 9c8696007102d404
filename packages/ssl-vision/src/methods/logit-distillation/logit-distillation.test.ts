import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { training } from '@selfsup/ssl-nn';
import { InvalidOptionError, type NdArray, randomKey } from '@selfsup/ssl-tensor';
import { Classifier } from '@selfsup/ssl-transfer';
import { expect, it } from 'vitest';
import { batchOf, gradientSize, statistics, tensorsOf } from '../../../../../test/golden/vision/expect-training.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { normalizeImages, rawPixelStatistics } from '../../images/normalize-images.js';
import { ClassifierEncoder } from './classifier-encoder.js';
import { LogitDistillation, type LogitDistillationOptions } from './logit-distillation.js';

const key = randomKey(0);
const encoder = (channels: number[]) => new SmallConvEncoder({ key, inChannels: 3, channels, strides: [1, 2] });
const backbone = encoder([5, 7]);
const classifier = new Classifier<NdArray<Uint8Array>>({
  backbone,
  featureDim: 7,
  features: (x, ctx) => backbone.forward(normalizeImages(x, statistics), ctx),
  classes: 4,
  key: randomKey(3),
  head: {
    weight: { data: Float32Array.from({ length: 28 }, (_, i) => Math.sin(3 * i)), shape: [4, 7] },
    bias: { data: new Float32Array(4), shape: [4] },
  },
});
const teacher = { encoder: new ClassifierEncoder(classifier as never), normalize: rawPixelStatistics };
const build = (options: Partial<LogitDistillationOptions> = {}): LogitDistillation =>
  new LogitDistillation({ backbone: encoder([4, 8]), key, normalize: statistics, teacher, ...options });
const labels = { data: Int32Array.of(0, 1, 2, 3, 0, -1, 2, -1), shape: [8] };
const batch = tensorsOf({ ...batchOf(0, 1), labels });

/** In float64, sample by sample. */
function naive(student: number[][], taught: number[][], temperature: number, alpha: number): number {
  const softmax = (row: readonly number[], t: number): number[] => {
    const powers = row.map((value) => Math.exp(value / t));
    const sum = powers.reduce((total, value) => total + value, 0);
    return powers.map((value) => value / sum);
  };
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const soft = student.map((row, i) => {
    const [p, q] = [softmax(taught[i]!, temperature), softmax(row, temperature)];
    return p.reduce((sum, value, k) => sum + value * Math.log(value / q[k]!), 0);
  });
  const known = [...labels.data].flatMap((label, i) => (label < 0 ? [] : [-Math.log(softmax(student[i]!, 1)[label]!)]));
  return alpha * mean(soft) + (1 - alpha) * mean(known);
}

it.each([
  [1, 1],
  [0.5, 1],
  [2, 0.3],
])('equals the sums of the paper in float64, temperature %s, alpha %s', (temperature, alpha) => {
  const method = build({ temperature, alpha });
  const head = method.modules.head;
  head.weight.variable.assign(tf.randomNormal([8, 4], 0, 1, 'float32', 5));
  const [images] = batch.views as [tf.Tensor];
  const normalized = normalizeImages(images, statistics);
  const rows = (x: tf.Tensor): number[][] => x.arraySync() as number[][];
  const student = rows(head.forward(encoder([4, 8]).forward(normalized, training)));
  const taught = rows(classifier.head.forward(backbone.forward(normalized)));
  const { loss, metrics } = method.loss(batch, training);
  expect(loss.dataSync()[0]).toBeCloseTo(naive(student, taught, temperature, alpha), 4);
  const best = (row: number[]): number => row.indexOf(Math.max(...row));
  const agreement = student.filter((row, i) => best(row) === best(taught[i]!)).length / 8;
  expect(metrics!['agreement']!.dataSync()[0]).toBeCloseTo(agreement, 6);
});

it('has no gradient in the teacher, and takes two views', () => {
  const method = build({ alpha: 0.5 });
  expect(gradientSize(build(), [classifier])).toBe(0);
  const own = build();
  expect(gradientSize(own, [own.modules.backbone])).toBeGreaterThan(0);
  const two = tensorsOf({ ...batchOf(0, 2), labels });
  expect(Number.isFinite(method.loss(two, training).loss.dataSync()[0])).toBe(true);
});

it('refuses what does not fit', () => {
  expect(() => build({ alpha: 2 })).toThrow(InvalidOptionError);
  expect(() => build({ temperature: 0 })).toThrow(InvalidOptionError);
  expect(() => new ClassifierEncoder(backbone as never)).toThrow('a Classifier of @selfsup/ssl-transfer');
  expect(() => build({ alpha: 0.5 }).loss({ views: batch.views }, training)).toThrow('or leave alpha at 1');
});

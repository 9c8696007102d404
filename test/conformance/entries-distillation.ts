/** Methods that copy a frozen teacher. */
import { randomKey } from '@selfsup/ssl-core';
import { DataLoader } from '@selfsup/ssl-data';
import { Distillation, LogitDistillation, Seed, SmallConvEncoder, withTeacher } from '@selfsup/ssl-vision';
import type { Entry } from './entry.js';
import { dataset, encoder, entry, statistics } from './pictures.js';

const loader = () =>
  new DataLoader({ dataset, views: [(image) => image], batchSize: 16, shuffle: true, workers: 0, seed: 4 });

const teacher = (seed: number) => ({
  encoder: new SmallConvEncoder({ key: randomKey(seed), channels: [6, 12], strides: [2, 2] }),
  normalize: { mean: 0.4, std: 0.3 },
});

const distillation = (seed: number): Distillation =>
  new Distillation({
    backbone: encoder(),
    key: randomKey(3),
    normalize: statistics,
    teacher: { ...teacher(seed), size: 16 },
    patchWeight: 1,
    head: 'mlp',
  });

/** The teacher's features come with the batches, and are kept. */
const taughtLoader = (seed: number) => withTeacher(loader(), { ...teacher(seed), cache: true });
const taught = (seed: number): Distillation =>
  new Distillation({
    backbone: encoder(),
    key: randomKey(3),
    normalize: statistics,
    teacher: taughtLoader(seed).teacher,
    targets: 'layerNorm',
    globalDistance: 'mse',
  });

const seed = (teacherTemperature: number): Seed =>
  new Seed({
    backbone: encoder(),
    key: randomKey(3),
    normalize: statistics,
    teacher: teacher(11),
    queueSize: 64,
    teacherTemperature,
  });

const logits = (temperature: number): LogitDistillation =>
  new LogitDistillation({
    backbone: encoder(),
    key: randomKey(3),
    normalize: statistics,
    teacher: teacher(11),
    temperature,
  });

export const entries: readonly Entry[] = [
  entry({
    name: 'Distillation of features and patches, two batches an update',
    method: () => distillation(11),
    changed: { method: () => distillation(12), setting: 'settings.teacher.digest' },
    loader,
    accumulateSteps: 2,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.8 },
  }),
  entry({
    name: 'Distillation of kept features',
    method: () => taught(11),
    changed: { method: () => taught(12), setting: 'settings.teacher.digest' },
    loader: () => taughtLoader(11),
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.8 },
  }),
  entry({
    name: 'Seed, two batches an update',
    method: () => seed(0.05),
    changed: { method: () => seed(0.1), setting: 'settings.teacherTemperature' },
    loader,
    accumulateSteps: 2,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.95 },
  }),
  entry({
    name: 'LogitDistillation',
    method: () => logits(0.5),
    changed: { method: () => logits(1), setting: 'settings.temperature' },
    loader,
    learningRate: 1e-2,
    learns: { steps: 60, ratio: 0.8 },
  }),
];

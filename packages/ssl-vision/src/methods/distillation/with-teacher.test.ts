import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLoader, ImageArrayDataset, resize } from '@selfsup/ssl-data';
import { exportOnnx, InvalidOptionError, type NdArray, randomKey } from '@selfsup/ssl-tensor';
import { AdamW, type BatchLoader, Trainer } from '@selfsup/ssl-train';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import '../../../../../test/support/to-be-all-close.js';
import { pictures, statistics } from '../../../../../test/golden/vision/expect-training.js';
import { OnnxEncoder } from '../../encoders/foreign/onnx-encoder.js';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { Distillation, distillationDense } from './distillation.js';
import type { EncoderTeacher } from './teacher.js';
import { withTeacher, type ViewsOfSamples, type WithTeacherOptions } from './with-teacher.js';

const images = pictures(3, 8, 24);
const dataset = new ImageArrayDataset(images);
const make = (channels: number[], strides: number[], seed: number): SmallConvEncoder =>
  new SmallConvEncoder({ key: randomKey(seed), inChannels: 3, channels, strides });
const loaderOf = (workers = 0, views = [resize({ size: 8 })]) =>
  new DataLoader({ dataset, views, batchSize: 8, seed: 4, workers });
const teacher = (): EncoderTeacher => ({ encoder: make([5, 10], [1, 2], 7), normalize: statistics, size: 12 });

async function batchesOf<B>(loader: BatchLoader<B>, epochs: number, from = 0): Promise<B[]> {
  const found: B[] = [];
  for (let epoch = 0; epoch < epochs; epoch++)
    for await (const batch of loader.epoch(epoch, epoch === 0 ? from : 0)) found.push(batch);
  return found;
}

async function lossesOf(
  given: (loader: DataLoader<never>) => [BatchLoader<never>, Distillation],
  accumulateSteps = 1,
): Promise<number[]> {
  const [loader, method] = given(loaderOf() as never);
  const { history } = await new Trainer({
    method: method as never,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }]),
    schedule: 0.01,
    steps: 6,
    accumulateSteps,
    seed: 1,
    logEvery: 1,
    progress: 'silent',
    handleSignals: false,
    threads: 1,
  }).fit();
  await loader.close();
  return history.map(({ loss }) => loss);
}
const student = (given: Partial<ConstructorParameters<typeof Distillation>[0]>): Distillation =>
  new Distillation({
    backbone: make([4, 8], [1, 2], 1),
    key: randomKey(2),
    normalize: statistics,
    teacher: teacher(),
    ...distillationDense,
    ...given,
  });

it('trains as with the teacher in the step, with and without workers, kept or not', async () => {
  const expected = await lossesOf((loader) => [loader, student({})]);
  const taught = (options: Partial<WithTeacherOptions>, workers = 0) =>
    lossesOf(() => {
      const loader = withTeacher(loaderOf(workers), { ...teacher(), patches: true, ...options });
      return [loader as never, student({ teacher: loader.teacher })];
    });
  for (const losses of [await taught({}), await taught({ cache: true }), await taught({}, 1)])
    expect(losses).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 });
});

it('keeps what it has computed, to the bit of what it would compute again, and starts anywhere', async () => {
  const encoder = make([5, 10], [1, 2], 7);
  const options = { encoder, normalize: statistics };
  const [plain, cached] = [withTeacher(loaderOf(), options), withTeacher(loaderOf(), { ...options, cache: true })];
  const expected = await batchesOf(plain, 3);
  const found = await batchesOf(cached, 3);
  expect(found).toEqual(expected);
  expect(new Set(found.map(({ teacher: { features } }) => features.shape.join()))).toEqual(new Set(['8,10']));
  expect(await batchesOf(withTeacher(loaderOf(), { ...options, cache: true }), 3, 2)).toEqual(expected.slice(2));
  await Promise.all([plain.close(), cached.close()]);
});

it('computes a sample once where it keeps features, as long as they fit', async () => {
  for (const [cacheBytes, shown] of [
    [2 ** 20, 3],
    [40, 9],
  ] as const) {
    const encoder = make([5, 10], [1, 2], 7);
    const bytes = await exportOnnx(encoder as never, [tf.zeros([1, 12, 12, 3])]);
    const onnx = await OnnxEncoder.open(bytes);
    const spy = vi.spyOn((onnx as unknown as { parts: { graph: { run: () => unknown } } }).parts.graph, 'run');
    const loader = withTeacher(loaderOf(), { ...teacher(), encoder: onnx, cache: true, cacheBytes });
    await batchesOf(loader, 3);
    expect(spy).toHaveBeenCalledTimes(shown);
    await loader.close();
  }
});

it('refuses to keep features of views that change, and batches without what it needs', async () => {
  let shift = 0;
  const moving = [
    (image: NdArray<Uint8Array>) => ({ ...image, data: image.data.map((value) => (value + shift) % 256) }),
  ];
  const loader = withTeacher(loaderOf(0, moving as never), { ...teacher(), cache: true });
  await batchesOf(loader, 1);
  shift = 1;
  await expect(batchesOf(loader, 1)).rejects.toThrow('Take cache: false, or views without randomness');
  await loader.close();
  const without = withTeacher(new DataLoader({ dataset, batchSize: 8, workers: 0 }) as never, teacher());
  await expect(batchesOf(without, 1)).rejects.toThrow('Give the loader views');
  const bare: BatchLoader<ViewsOfSamples> = {
    batchesPerEpoch: 1,
    async *epoch() {
      yield { views: [images] };
    },
    close: async () => {},
  };
  await expect(batchesOf(withTeacher(bare, { ...teacher(), cache: true }), 1)).rejects.toThrow('batch.index');
  expect(() => withTeacher({} as never, teacher())).toThrow(InvalidOptionError);
});

it.each([1, 2])('an ONNX file teaches in the step as its model does, with %s batches an update', async (batches) => {
  const own = make([5, 10], [1, 2], 7);
  const onnx = await OnnxEncoder.open(await exportOnnx(own as never, [tf.zeros([1, 12, 12, 3])]));
  const lossOf = (encoder: EncoderTeacher['encoder']) =>
    lossesOf((loader) => [loader, student({ teacher: { ...teacher(), encoder }, patchWeight: 0 })], batches);
  const losses = await lossOf(onnx);
  expect(losses).toHaveLength(6);
  expect(losses).toBeAllClose(await lossOf(own), { rtol: 1e-4, atol: 1e-5 });
});

it('a run with an ONNX teacher goes on to the bytes of the unbroken one', async () => {
  const bytes = await exportOnnx(make([5, 10], [1, 2], 7) as never, [tf.zeros([1, 12, 12, 3])]);
  const folder = mkdtempSync(join(tmpdir(), 'ssl-onnx-teacher-'));
  const run = async (dir: string, stopAt: number) => {
    const method = student({ teacher: { ...teacher(), encoder: await OnnxEncoder.open(bytes) }, patchWeight: 0 });
    const loader = loaderOf();
    const { steps } = await new Trainer({
      method,
      loader,
      optimizer: new AdamW([{ parameters: method.trainable() }]),
      schedule: 0.01,
      steps: 5,
      seed: 1,
      checkpoint: { dir: join(folder, dir) },
      observers: { onStep: ({ step }, control) => (step === stopAt ? control.stop('the test stops it') : undefined) },
      progress: 'silent',
      handleSignals: false,
      threads: 1,
    }).fit();
    await loader.close();
    return { steps, state: method.modules.backbone.stateDict() };
  };
  expect((await run('broken', 2)).steps).toBe(2);
  expect((await run('broken', 0)).state).toEqual((await run('whole', 0)).state);
  rmSync(folder, { recursive: true });
});

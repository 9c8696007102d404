import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { batchSize, ToyLoader, ToyMethod, toy, weights } from '../../test/toy-run.js';
import { AdamW } from '../optimizers/adam-w.js';
import { trainingMemory } from './training-memory.js';

beforeEach(async () => void (await tf.setBackend('cpu')));

const optionsOf = (method: ToyMethod) => ({
  method,
  loader: new ToyLoader(),
  optimizer: new AdamW([{ parameters: method.trainable() }], { weightDecay: 0.05 }),
  schedule: 0.05,
  epochs: 4,
  seed: 3,
});

it('knows what a step takes before it takes it, and what there is', async () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'ssl-memory-')), 'run');
  const limit = process.memoryUsage.rss() + 50e6;
  const constrained = vi.spyOn(process, 'constrainedMemory').mockReturnValue(limit);
  try {
    const memory = await trainingMemory({ ...optionsOf(new ToyMethod()), checkpoint: { dir } });
    expect(memory.batchSize).toBe(batchSize);
    expect(memory.available).toBeLessThanOrEqual(limit + 1e6);
    // By batch: what does not grow with it stays.
    const [one, two, three] = [1, 2, 3].map((times) => memory.peak(times * batchSize)) as [number, number, number];
    expect(two).toBeGreaterThan(one);
    expect(three - two).toBeCloseTo(two - one, 3);
    expect(one).toBeGreaterThan(limit - 60e6);
    expect(existsSync(dir)).toBe(false);
  } finally {
    constrained.mockRestore();
    rmSync(join(dir, '..'), { recursive: true });
  }
});

it('trains nothing and leaves nothing: the run that follows is the same', async () => {
  const whole = toy();
  await whole.trainer.fit();
  const looked = toy();
  const { method, loader } = looked;
  const options = { ...optionsOf(method), loader };
  const before = tf.memory().numTensors;
  await trainingMemory(options);
  expect(tf.memory().numTensors).toBe(before);
  expect(loader.returned).toBe(1);
  await looked.trainer.fit();
  expect(weights(looked.method)).toEqual(weights(whole.method));
});

it('throws what a loader throws', async () => {
  const method = new ToyMethod();
  await expect(trainingMemory({ ...optionsOf(method), loader: new ToyLoader(5, 0) })).rejects.toThrow('broken image');
});

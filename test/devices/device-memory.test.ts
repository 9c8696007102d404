import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataLoader, ImageArrayDataset, twoViews } from '@selfsup/ssl-data';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { fetched, type NdArray, randomKey, RandomStream } from '@selfsup/ssl-tensor';
import { AdamW, constant, Trainer } from '@selfsup/ssl-train';
import { extractFeatures, inBatches, nearestNeighbours } from '@selfsup/ssl-transfer';
import { ProjectionHead, SimClr, SmallConvEncoder } from '@selfsup/ssl-vision';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';

import * as choose from '../../packages/ssl-tensor/src/engine/choose-engine.js';
import { DeviceEngine } from '../support/device-engine.js';

vi.mock(import('../../packages/ssl-tensor/src/engine/choose-engine.js'), async (original) => ({
  ...(await original()),
}));

const [side, count] = [6, 8];

const random = new RandomStream(randomKey(1));
const images: NdArray<Uint8Array> = {
  data: Uint8Array.from({ length: count * side * side }, () => random.integer(256)),
  shape: [count, side, side, 1],
};

/** Three steps of SimCLR with checkpoints, then features and neighbours: everything in which numbers come back. */
async function trained() {
  const dir = await mkdtemp(join(tmpdir(), 'ssl-device-memory-'));
  const backbone = new SmallConvEncoder({ key: randomKey(2), channels: [4, 4], strides: [1, 2] });
  const method = new SimClr({
    backbone,
    head: new ProjectionHead(4, { outDim: 4, key: randomKey(3) }),
    temperature: 0.2,
    normalize: { mean: 0.5, std: 0.25 },
  });
  const dataset = new ImageArrayDataset(images);
  const loader = new DataLoader({ dataset, views: twoViews((image) => image), batchSize: 4, workers: 0, seed: 4 });
  const optimizer = new AdamW([{ parameters: method.trainable() }]);
  const options = { method, loader, optimizer, schedule: constant(0.01), seed: 5, progress: 'silent' } as const;
  try {
    const first = await new Trainer({ ...options, steps: 3, checkpoint: { dir, everySteps: 1 } }).fit();
    const { tensors } = await loadSafetensors(join(dir, 'step-00000003.safetensors'));
    const input: NdArray<Float32Array> = {
      data: Float32Array.from(images.data, (byte) => byte / 255),
      shape: images.shape,
    };
    const features = await extractFeatures((x: tf.Tensor4D) => backbone.forward(x), inBatches(input, 4));
    const { indexes } = await nearestNeighbours(features, features, 2);
    await fetched();
    const state = backbone.stateDict();
    return {
      losses: first.history.map(({ loss }) => loss),
      tensors: [...tensors].filter(([name]) => !name.startsWith('history.')),
      features,
      indexes,
      state: [...state],
    };
  } finally {
    await loader.close();
    await rm(dir, { recursive: true, force: true });
  }
}

it('what trains, saves and evaluates reads nothing at once of a device whose memory is not the host’s', async () => {
  const expected = await trained();
  const engine = new DeviceEngine();
  const spy = vi.spyOn(choose, 'engineFor').mockResolvedValue(engine);
  try {
    const actual = await trained();
    expect(spy).toHaveBeenCalled();
    expect(engine.reads).toBeGreaterThan(20);
    expect(actual).toEqual(expected);
    expect(actual.tensors.length).toBeGreaterThan(10);
  } finally {
    spy.mockRestore();
  }
}, 60_000);

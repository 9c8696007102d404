import { DataLoader, ImageArrayDataset, twoViews } from '@selfsup/ssl-data';
import type { View } from '@selfsup/ssl-data';
import { RandomStream, compile, randomKey } from '@selfsup/ssl-tensor';
import type * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, warmupCosine } from '@selfsup/ssl-train';
import { expect, it } from 'vitest';
import { SmallConvEncoder } from '../../encoders/small-conv-encoder.js';
import { ProjectionHead } from '../../heads/projection-head.js';
import { normalizeImages } from '../../images/normalize-images.js';
import { SimClr } from './simclr.js';

const statistics = { mean: 0.5, std: 0.25 };
const side = 8;
const count = 96;

/** Stripes of one of four directions (the class), at a random phase, in noise and strongly varying light (which views change, too). */
function stripes(): { images: NdArray<Uint8Array>; labels: Int32Array } {
  const random = new RandomStream(randomKey(1));
  const data = new Uint8Array(count * side * side);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 4);
  labels.forEach((label, i) => {
    const [phase, light, contrast] = [random.uniform(0, 4), random.uniform(60, 200), random.uniform(20, 40)];
    for (let p = 0; p < side * side; p++) {
      const [y, x] = [Math.floor(p / side), p % side];
      const along = [x, y, x + y, x - y][label]!;
      data[i * side * side + p] = light + contrast * Math.sin((Math.PI / 2) * (along + phase)) + random.normal(0, 15);
    }
  });
  return { images: { data, shape: [count, side, side, 1] }, labels };
}

/** Other light, contrast and position. */
const view: View = ({ data, shape }, random) => {
  const [dy, dx, light, contrast] = [
    random.integer(side),
    random.integer(side),
    random.uniform(60, 200),
    random.uniform(0.6, 1.5),
  ];
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const moved = data.map((_, p) => {
    const value = data[((Math.floor(p / side) + dy) % side) * side + ((p + dx) % side)]!;
    return Math.min(255, Math.max(0, light + contrast * (value - mean)));
  });
  return { data: moved, shape };
};

/** Share of images whose nearest other image by cosine has their class. */
function nearestNeighbourAccuracy(
  { data, shape }: { data: Float32Array; shape: readonly number[] },
  labels: Int32Array,
): number {
  const [rows, dim] = shape as [number, number];
  const row = (i: number): Float32Array => data.subarray(i * dim, (i + 1) * dim);
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, j) => sum + value * b[j]!, 0);
  let hits = 0;
  for (let i = 0; i < rows; i++) {
    let [best, bestSimilarity] = [-1, -Infinity];
    for (let j = 0; j < rows; j++) {
      const similarity = dot(row(i), row(j)) / Math.sqrt(dot(row(j), row(j)));
      if (j !== i && similarity > bestSimilarity) [best, bestSimilarity] = [j, similarity];
    }
    if (labels[best] === labels[i]) hits++;
  }
  return hits / rows;
}

it('makes nearest neighbours share the class, which those of a random encoder do not', async () => {
  const { images, labels } = stripes();
  const backbone = new SmallConvEncoder({ key: randomKey(2), channels: [8, 16], strides: [1, 2] });
  const extract = compile((x: tf.Tensor) => backbone.forward(normalizeImages(x, statistics)));
  const score = async (): Promise<number> => {
    const features = await extract(images);
    return nearestNeighbourAccuracy({ data: features.dataSync() as Float32Array, shape: features.shape }, labels);
  };
  const before = await score();
  const method = new SimClr({
    backbone,
    head: new ProjectionHead(16, { outDim: 8, key: randomKey(3) }),
    temperature: 0.2,
    normalize: statistics,
  });
  const steps = 40;
  const loader = new DataLoader({
    dataset: new ImageArrayDataset(images),
    views: twoViews(view),
    batchSize: 48,
    workers: 0,
    seed: 4,
  });
  const trainer = new Trainer({
    method,
    loader,
    optimizer: new AdamW([{ parameters: method.trainable() }]),
    schedule: warmupCosine({ base: 0.01, warmupSteps: 5, totalSteps: steps }),
    steps,
    seed: 5,
    progress: 'silent',
  });
  const { history } = await trainer.fit();
  await loader.close();
  const after = await score();
  expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss);
  expect(before).toBeLessThan(0.75);
  expect(after).toBeGreaterThan(Math.max(0.9, before + 0.2));
}, 120_000);

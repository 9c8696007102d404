import '@tensorflow/tfjs-backend-cpu';
import type * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import '../support/to-be-all-close.js';
import { type NdArray, ShapeError } from '@selfsup/ssl-core';
import { type BatchLoader, Sgd, Trainer } from '@selfsup/ssl-train';
import { type Crops, crops, positions, QueueTwin } from './shapes.js';

const joinRows = (arrays: readonly NdArray<Float32Array>[]): NdArray<Float32Array> => ({
  data: Float32Array.from(arrays.flatMap(({ data }) => [...data])),
  shape: [arrays.reduce((sum, { shape }) => sum + shape[0]!, 0), ...arrays[0]!.shape.slice(1)],
});

/** The batches of `crops`, joined by so many. */
async function joined(count: number): Promise<BatchLoader<Crops>> {
  const all: Crops[][] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const batches: Crops[] = [];
    for await (const batch of crops().epoch(epoch)) batches.push(batch);
    all.push(batches);
  }
  return positions(4 / count, (epoch, position) => {
    const part = all[epoch]!.slice(position * count, (position + 1) * count);
    return { views: part[0]!.views.map((_, view) => joinRows(part.map(({ views }) => views[view]!))) };
  });
}

async function train(loader: BatchLoader<Crops>, accumulateSteps: number): Promise<QueueTwin> {
  const method = new QueueTwin();
  await new Trainer<Crops>({
    method,
    loader,
    optimizer: new Sgd([{ parameters: method.trainable() }], { momentum: 0.9 }),
    schedule: 0.05,
    epochs: 3,
    seed: 3,
    progress: 'silent',
    handleSignals: false,
    accumulateSteps,
    threads: 1,
  }).fit();
  return method;
}

it.each([2, 4])('%d batches an update move weights, twin, centre and queue as one large batch', async (count) => {
  const [parts, whole] = [await train(crops(), count), await train(await joined(count), 1)];
  const start = new QueueTwin();
  for (const name of ['student', 'teacher'] as const) {
    const expected = whole.modules[name].stateDict();
    const before = start.modules[name].stateDict();
    for (const [tensor, { data }] of parts.modules[name].stateDict()) {
      expect(data).toBeAllClose(expected.get(tensor)!.data, { rtol: 1e-4, atol: 1e-6 });
      expect([...data]).not.toEqual([...before.get(tensor)!.data]);
    }
  }
  for (const name of ['centre', 'queue'] as const)
    for (const [buffer, variable] of Object.entries<tf.Variable>(parts.state[name].buffers)) {
      const expected = (whole.state[name].buffers as Record<string, tf.Variable>)[buffer]!;
      expect(variable.dataSync()).toBeAllClose(expected.dataSync(), { rtol: 1e-4, atol: 1e-6 });
    }
});

it('refuses batches of other sizes where rows are carried to the end of the update', async () => {
  const uneven = positions(4, (_, position) => {
    const rows = (columns: number) => ({
      data: new Float32Array((position === 1 ? 4 : 8) * columns).fill(0.1),
      shape: [position === 1 ? 4 : 8, columns],
    });
    return { views: [rows(12), rows(12), rows(6), rows(6)] };
  });
  const failed = await train(uneven, 2).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(ShapeError.isInstance(failed)).toBe(true);
  expect(String(failed)).toContain('as the others of its update');
});

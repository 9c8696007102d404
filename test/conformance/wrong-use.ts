/** Kinds of wrong use of a method, as changes of a batch that is right for it. */
import * as tf from '@tensorflow/tfjs-core';
import { foldIn, type NdArray, randomKey } from '@selfsup/ssl-core';
import {
  DataLoader,
  dinoViews,
  ImageArrayDataset,
  maeViews,
  multiViews,
  simclrViews,
  smallImageCrops,
  vicreglViews,
  type Views,
} from '@selfsup/ssl-data';
import { keyArray } from '@selfsup/ssl-tensor';
import type { Method } from '@selfsup/ssl-train';
import { type Entry, eagerly } from './entry.js';
import { side } from './pictures.js';

type Pictures = NdArray<Uint8Array>;

/** What loaders of the registry yield for methods on pictures. */
export interface Batch {
  readonly views?: readonly Pictures[];
  readonly images?: Pictures;
  readonly inputIds?: NdArray<Int32Array>;
  readonly attentionMask?: NdArray<Int32Array>;
  readonly labels?: NdArray<Int32Array>;
  readonly masks?: NdArray<Uint8Array>;
}

/** The first batch of an entry. */
export async function firstBatch(entry: Entry): Promise<Batch> {
  const loader = entry.loader();
  try {
    for await (const batch of loader.epoch(0)) return batch as Batch;
    throw new RangeError('the loader is empty');
  } finally {
    await loader.close();
  }
}

/** The loss of a step of a method that was just made, op by op: as the Trainer does it, without an optimiser. */
export function lossOf(method: Method<never, string>, batch: Batch): number {
  const shape = { totalSteps: 100, stepsPerEpoch: 10 };
  const step = shape.totalSteps - 1;
  method.checkBatch?.(batch as never);
  return tf.tidy(() => {
    const schedules = Object.entries(method.schedules?.(shape) ?? {}) as [string, (at: number) => number][];
    const ctx = {
      training: true,
      key: tf.tensor1d([...keyArray(foldIn(randomKey(1), 2)).data], 'int32'),
      values: Object.fromEntries(schedules.map(([name, schedule]) => [name, tf.scalar(schedule(step))])),
      phase: method.phaseAt?.(step, shape) ?? 'train',
    };
    const { loss, carried } = method.loss(eagerly(batch) as never, ctx);
    if (carried !== undefined) method.afterUpdate?.(ctx, carried);
    return loss.dataSync()[0]!;
  });
}

/** The first rows of every array of a batch. */
export function firstRows<T>(value: T, rows: number): T {
  if (Array.isArray(value)) return value.map((item) => firstRows(item as unknown, rows)) as T;
  const { data, shape } = value as Partial<Pictures>;
  if (data === undefined || shape === undefined)
    return Object.fromEntries(
      Object.entries(value as object).map(([name, item]) => [name, firstRows(item as unknown, rows)]),
    ) as T;
  return { data: data.slice(0, (rows * data.length) / shape[0]!), shape: [rows, ...shape.slice(1)] } as T;
}

/** Pictures of another height, width and number of channels: their pixels again and again. */
export function pictures({ data, shape }: Pictures, size: number, channels = shape[3]!): Pictures {
  const [images, height, width, own] = shape as [number, number, number, number];
  const pixel = (at: number): number => {
    const [channel, x, y] = [at % channels, Math.floor(at / channels) % size, Math.floor(at / channels / size) % size];
    const image = Math.floor(at / (channels * size * size));
    return data[((image * height + (y % height)) * width + (x % width)) * own + (channel % own)]!;
  };
  const length = images * size * size * channels;
  return { data: Uint8Array.from({ length }, (_, at) => pixel(at)), shape: [images, size, size, channels] };
}

/** A batch with other pictures, view by view; undefined where it has none of them. */
export const changed = (batch: Batch, change: (view: Pictures) => Pictures): Batch =>
  batch.views === undefined
    ? { ...batch, images: change(batch.images!) }
    : { ...batch, views: batch.views.map(change) };

/** What a batch has to be for a message's advice to be followed: views by the preset that it names. */
export async function byAdvice(message: string, batch: Batch): Promise<Batch> {
  const views = batch.views![0]!;
  const isGrey = views.shape[3] === 1;
  const crops = { size: side, localSize: 8, localCount: 2 };
  const presets: Readonly<Record<string, () => Views>> = {
    maeViews: () => maeViews({ size: side }),
    simclrViews: () => simclrViews({ size: side }),
    multiViews: () => multiViews([simclrViews({ size: side })[0], Number(/\[0\], (\d+)\]/.exec(message)?.[1])]),
    vicreglViews: () => vicreglViews({ size: side }),
    dinoViews: () => (isGrey ? smallImageCrops(crops) : dinoViews(crops)),
  };
  const name = /views: (\w+)\(/.exec(message)?.[1] ?? 'none';
  const preset = presets[name];
  if (preset === undefined) return batch;
  const labels = batch.labels?.data;
  const loader = new DataLoader({
    dataset: new ImageArrayDataset(views, labels),
    views: preset(),
    batchSize: views.shape[0]!,
    shuffle: false,
    workers: 0,
  });
  try {
    for await (const made of loader.epoch(0)) return { ...batch, ...(made as Batch) };
    throw new RangeError('no batch');
  } finally {
    await loader.close();
  }
}

/** Makes one run and prints its row: `run-job.ts <job as JSON>`, called by bench/methods.ts in a process of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NdArray, randomKey } from '@selfsup/ssl-core';
import { ImageArrayDataset, openIdx } from '@selfsup/ssl-data';
import type { Encoder } from '@selfsup/ssl-nn';
import { pretrain } from '@selfsup/ssl-vision';
import { type MethodName, recipeOf } from '../../packages/ssl-vision/src/pretrain/recipes/recipes.js';
import { type LabelledPictures, pictureSet, picturesFolder } from '../pictures/picture-set.js';
import { conditions } from '../runs/conditions.js';
import { peerProcess } from '../runs/job-process.js';
import { type Architecture, embed, encoderName, freshEncoder } from './architecture.js';
import { encodersOfSide } from './budgets.js';
import { fromScratch } from './from-scratch.js';
import type { Job } from './job.js';
import { measure } from './measure.js';
import type { Figures, Row } from './rows.js';

const job = JSON.parse(process.argv[2]!) as Job;
const { data, side, method, seed, images: count, epochs, batchSize, threads, options } = job;
const under = conditions();
const whole = await pictureSet(data);
const set = { ...whole, train: firstOf(whole.train, count) };

interface Trained {
  readonly architecture: Architecture;
  readonly seconds: number;
  readonly peakMemory?: number;
  readonly figures: () => Promise<Figures>;
}
const labels = { trainLabels: Int32Array.from(set.train.labels), testLabels: Int32Array.from(set.test.labels) };
const { architecture, seconds, peakMemory, figures } = await { ours, lightly, random, scratch }[side]();
const row: Row & { readonly architecture: Architecture } = {
  data,
  side,
  method,
  encoder: encoderName(architecture),
  seed,
  images: count,
  epochs,
  batchSize,
  figures: await figures(),
  seconds: Math.round(seconds),
  ...(peakMemory === undefined ? {} : { peakMemory: Math.round(peakMemory) }),
  threads,
  ...under,
  architecture,
};
process.stdout.write(`${JSON.stringify(row)}\n`);

/** An encoder of ours, by `pretrain`. */
async function ours(): Promise<Trained> {
  const out = await mkdtemp(join(tmpdir(), 'methods-'));
  try {
    const start = performance.now();
    const { encoder, settings, interrupted } = await pretrain({
      data: new ImageArrayDataset(set.train.images),
      out,
      method: method as never,
      backbone: recipeOf(method as MethodName).usualBackbone(encodersOfSide).value,
      epochs,
      batchSize,
      seed,
      threads,
      watch: false,
      progress: 'silent',
      ...options,
    });
    if (interrupted) throw new Error('interrupted');
    const seconds = (performance.now() - start) / 1000;
    const architecture = {
      ...encoder!.description.encoder,
      normalize: settings['normalize'] as Architecture['normalize'],
    };
    return {
      architecture,
      seconds,
      peakMemory: process.resourceUsage().maxRSS / 1024,
      figures: () => measureEncoder(encoder!.encoder, architecture),
    };
  } finally {
    await rm(out, { recursive: true });
  }
}

/** The same method of lightly, on the same pictures with the same encoder. */
async function lightly(): Promise<Trained> {
  const out = await mkdtemp(join(tmpdir(), 'methods-'));
  try {
    const said = await peerProcess<Pick<Trained, 'seconds' | 'peakMemory'>>('methods.py', {
      ...job,
      pictures: picturesFolder,
      out,
    });
    const read = async (part: string): Promise<NdArray<Float32Array>> =>
      (await openIdx(join(out, `${part}.idx`))) as NdArray<Float32Array>;
    const features = {
      train: await read('train'),
      test: await read('test'),
      ...(set.gallery === undefined ? {} : { gallery: await read('gallery') }),
    };
    return { ...said, architecture: job.architecture!, figures: () => measure({ ...features, ...labels }) };
  } finally {
    await rm(out, { recursive: true });
  }
}

/** An encoder that nothing has trained. */
function random(): Promise<Trained> {
  const { architecture } = job;
  const encoder = freshEncoder(architecture!, randomKey(1000 + seed));
  return Promise.resolve({
    architecture: architecture!,
    seconds: 0,
    figures: () => measureEncoder(encoder, architecture!),
  });
}

/** An encoder and a classifier, by labels alone. */
async function scratch(): Promise<Trained> {
  const { architecture } = job;
  const steps = epochs * Math.floor(count / batchSize);
  const start = performance.now();
  const figures = await fromScratch(architecture!, set, { seed, steps, batchSize, threads });
  return {
    architecture: architecture!,
    seconds: (performance.now() - start) / 1000,
    figures: () => Promise.resolve({ ...figures, rank: 0 }),
  };
}

async function measureEncoder(encoder: Encoder, own: Architecture): Promise<Figures> {
  const of = (images: NdArray<Uint8Array>): Promise<NdArray<Float32Array>> => embed(encoder, own, images, threads);
  const features = {
    train: await of(set.train.images),
    test: await of(set.test.images),
    ...(set.gallery === undefined ? {} : { gallery: await of(set.gallery) }),
    ...labels,
  };
  return measure(features, options === undefined ? 'all' : 'few');
}

/** The first pictures. */
function firstOf({ images, labels: all }: LabelledPictures, rows: number): LabelledPictures {
  const [there, ...size] = images.shape;
  if (there! < rows) throw new Error(`${data} has ${there} pictures for training`);
  const area = images.data.length / there!;
  return {
    images: { data: images.data.subarray(0, rows * area), shape: [rows, ...size] },
    labels: all.subarray(0, rows),
  };
}

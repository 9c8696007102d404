import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { loadEncoder, pretrain } from '@selfsup/ssl-vision';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyProject, runSource } from './run-source.js';

let folder: string;
beforeAll(async () => {
  folder = await emptyProject();
  // A name that has to be written with care.
  await mkdir(join(folder, "my 'photos'"));
  for (let i = 0; i < 12; i++) {
    const stream = new RandomStream(foldIn(randomKey(1), i));
    const pixels = Array.from({ length: 20 * 18 * 3 }, () => stream.integer(256));
    await writeFile(join(folder, "my 'photos'", `${i}.ppm`), `P3\n18 20\n255\n${pixels.join(' ')}\n`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** Three steps without watches. */
const short = { epochs: 1, threads: 1, watch: false } as const;

test.each([
  { method: 'simclr', methodOptions: { temperature: 0.3 }, epochs: 2, seed: 7 },
  { method: 'mae', methodOptions: { maskRatio: 0.5 }, epochs: 1, threads: 1 },
  { method: 'moco', methodOptions: { outDim: 8 }, ...short },
  { method: 'moco-v3', methodOptions: { hiddenDim: 16, outDim: 8 }, ...short },
  { method: 'byol', methodOptions: { hiddenDim: 16, outDim: 8 }, ...short },
  { method: 'simsiam', methodOptions: { outDim: 8 }, ...short },
  { method: 'nnclr', methodOptions: { hiddenDim: 16, outDim: 8, predictionDim: 16 }, ...short },
  { method: 'swav', methodOptions: { hiddenDim: 16, outDim: 8 }, ...short },
  { method: 'barlow-twins', methodOptions: { hiddenDim: 16, outDim: 8 }, ...short },
  { method: 'vicreg', methodOptions: { hiddenDim: 16, outDim: 8 }, ...short },
  { method: 'dino', methodOptions: { hiddenDim: 16, bottleneckDim: 8, outDim: 32 }, ...short },
  { method: 'ibot', methodOptions: { hiddenDim: 16, bottleneckDim: 8, outDim: 32 }, ...short },
  { method: 'dinov2', methodOptions: { hiddenDim: 16, bottleneckDim: 8, outDim: 32 }, ...short },
] as const)(
  'what pretrain writes out by hand for $method ends in the same encoder, to the byte',
  async (options) => {
    const out = join(folder, `run-${options.method}`);
    const data = join(folder, "my 'photos'");
    const written = await pretrain({ ...options, data, out, batchSize: 4, learningRate: 0.002, progress: 'silent' });
    expect(written.encoder!.description.method.name).toBe(options.method);
    expect(await (await loadEncoder(out)).embed(data)).toEqual(await written.encoder!.embed(data));
    const { status, stderr } = await runSource(join(out, 'by-hand.ts'), [], folder);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const weights = async (path: string) => {
      const { tensors } = await loadSafetensors(join(out, path));
      return [...tensors].map(([name, { data, shape }]) => [name, shape, Buffer.from(data.buffer).toString('base64')]);
    };
    expect(await weights('by-hand/encoder.safetensors')).toEqual(await weights('encoder.safetensors'));
    // As public as the README's.
    expect((await readFile(join(out, 'by-hand.ts'), 'utf8')).match(/from '(.*)'/g)).toHaveLength(5);
  },
  100_000,
);

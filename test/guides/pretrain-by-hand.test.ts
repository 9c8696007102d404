import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldIn, randomKey, RandomStream } from '@selfsup/ssl-core';
import { loadSafetensors } from '@selfsup/ssl-nn';
import { type LoadedEncoder, loadEncoder, pretrain, type PretrainOptions } from '@selfsup/ssl-vision';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recipes } from '../../packages/ssl-vision/src/pretrain/recipes/recipes.js';
import { emptyProject, runSource } from './run-source.js';

let folder: string;
/** A name that has to be written with care, classes, and pictures of one channel. */
const [photos, classes, grey] = ["my 'photos'", 'classes', 'grey'];

/** Two steps without watches. */
const short = { epochs: 1, batchSize: 6, threads: 1, watch: false } as const;
const narrow = { hiddenDim: 16, outDim: 8 } as const;
const dinoHead = { hiddenDim: 16, bottleneckDim: 8, outDim: 32 } as const;
const runs = [
  { method: 'simclr', methodOptions: { temperature: 0.3 }, batchSize: 4, epochs: 2, seed: 7 },
  { method: 'mae', methodOptions: { maskRatio: 0.5 }, batchSize: 4, epochs: 1, threads: 1 },
  { method: 'simclr-v2', methodOptions: narrow, ...short },
  { method: 'dcl', methodOptions: { batchNorm: 'perView' }, ...short },
  { method: 'dclw', ...short },
  { method: 'supcon', data: classes, methodOptions: narrow, ...short },
  { method: 'moco', methodOptions: { outDim: 8 }, ...short },
  { method: 'moco-v3', methodOptions: narrow, ...short },
  { method: 'byol', methodOptions: narrow, ...short },
  { method: 'simsiam', methodOptions: { outDim: 8 }, ...short },
  { method: 'densecl', methodOptions: narrow, ...short },
  { method: 'amdim', methodOptions: { outDim: 8 }, ...short },
  { method: 'nnclr', methodOptions: { ...narrow, predictionDim: 16 }, ...short },
  { method: 'swav', methodOptions: narrow, ...short },
  { method: 'smog', methodOptions: { ...narrow, groups: 3 }, ...short },
  { method: 'fastsiam', methodOptions: { outDim: 8 }, ...short },
  { method: 'barlow-twins', methodOptions: narrow, ...short },
  { method: 'vicreg', methodOptions: narrow, ...short },
  { method: 'vicregl', data: grey, methodOptions: { ...narrow, localHiddenDim: 16, localOutDim: 8 }, ...short },
  { method: 'tico', methodOptions: narrow, ...short },
  { method: 'w-mse', methodOptions: { hiddenDim: 16 }, ...short },
  { method: 'mmcr', methodOptions: narrow, ...short },
  { method: 'frossl', methodOptions: narrow, ...short },
  { method: 'lejepa', methodOptions: { ...narrow, directions: 16 }, ...short },
  { method: 'visreg', methodOptions: { ...narrow, directions: 16 }, ...short },
  { method: 'dino', methodOptions: dinoHead, ...short },
  { method: 'ibot', methodOptions: dinoHead, ...short },
  { method: 'dinov2', methodOptions: dinoHead, ...short },
  { method: 'msn', methodOptions: { ...narrow, prototypes: 8 }, ...short },
  { method: 'pmsn', methodOptions: { ...narrow, prototypes: 8, powerLawExponent: 0.5 }, ...short },
  { method: 'simmim', methodOptions: { maskRatio: 0.5 }, ...short },
  { method: 'ijepa', methodOptions: { targetCount: 2 }, ...short },
  { method: 'capi', methodOptions: { clusters: 4 }, ...short },
  { method: 'autoencoder', methodOptions: { channels: [8] }, ...short },
  { method: 'distillation', methodOptions: { head: 'mlp', patchWeight: 1 }, teacher: 'run-simclr', ...short },
  { method: 'denoising-autoencoder', methodOptions: { corruption: 'gaussian', amount: 0.2 }, ...short },
] as const satisfies readonly (Omit<PretrainOptions, 'data' | 'out'> & { readonly data?: string })[];

/** One of each way in which recipes make methods; the others by `npm run test:by-hand`. */
const inSmall = new Set(
  'simclr mae supcon moco byol nnclr swav vicregl dino dinov2 msn simmim ijepa capi autoencoder distillation'.split(
    ' ',
  ),
);
const tested = runs.filter(({ method }) => process.env['SSL_BY_HAND'] === 'all' || inSmall.has(method));
const outOf = (method: string): string => join(folder, `run-${method}`);
const encoders = new Map<string, LoadedEncoder>();
/** What the programs that one process ran after each other said. */
let together: Awaited<ReturnType<typeof runSource>>;

beforeAll(async () => {
  folder = await emptyProject();
  await mkdir(join(folder, photos));
  await mkdir(join(folder, grey));
  for (const name of ['0', '1']) await mkdir(join(folder, classes, name), { recursive: true });
  for (let i = 0; i < 12; i++) {
    const stream = new RandomStream(foldIn(randomKey(1), i));
    const pixels = Array.from({ length: 20 * 18 * 3 }, () => stream.integer(256));
    const text = `P3\n18 20\n255\n${pixels.join(' ')}\n`;
    await writeFile(join(folder, photos, `${i}.ppm`), text);
    await writeFile(join(folder, classes, `${i % 2}`, `${i}.ppm`), text);
    await writeFile(join(folder, grey, `${i}.pgm`), `P2\n18 20\n255\n${pixels.slice(0, 360).join(' ')}\n`);
  }
});
afterAll(() => rm(folder, { recursive: true }));

test.each(tested as readonly (Omit<PretrainOptions, 'data' | 'out'> & { readonly data?: string })[])(
  'pretrain trains with $method',
  async ({ data = photos, method, ...options }) => {
    const { teacher } = options;
    const own = teacher === undefined ? {} : { teacher: join(folder, teacher as string) };
    const all = { data: join(folder, data), learningRate: 0.002, progress: 'silent', ...options, ...own } as const;
    const { encoder } = await pretrain({ ...all, method: method!, out: outOf(method!) });
    expect(encoder!.description.method.name).toBe(method);
    encoders.set(method!, encoder!);
  },
  100_000,
);

test('what it writes out by hand runs', async () => {
  // A start of a program takes longer than its steps.
  const programs = tested.slice(2).map(({ method }) => `await import('./run-${method}/by-hand.ts');\n`);
  await writeFile(join(folder, 'together.ts'), programs.join(''));
  together = await runSource(join(folder, 'together.ts'), [], folder);
  expect(together).toMatchObject({ status: 0 });
}, 600_000);

test('methods of the table are all here', () => {
  expect(runs.map(({ method }) => method).toSorted()).toEqual(Object.keys(recipes).toSorted());
});

test.each(tested)(
  'what pretrain writes out by hand for $method ends in the same encoder, to the byte',
  async ({ method }) => {
    const out = outOf(method);
    const encoder = encoders.get(method)!;
    const loaded = await loadEncoder(out);
    expect([...loaded.encoder.stateDict()]).toEqual([...encoder.encoder.stateDict()]);
    // The first two are programs of their own, one of them with all threads.
    const alone = tested.findIndex((run) => run.method === method) < 2;
    const { status, stderr } = alone ? await runSource(join(out, 'by-hand.ts'), [], folder) : together;
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

test.each(['mae', 'ijepa'])('the file of %s gives the features of the run', async (method) => {
  const [loaded, encoder] = [await loadEncoder(outOf(method)), encoders.get(method)!];
  expect(await loaded.embed(join(folder, photos))).toEqual(await encoder.embed(join(folder, photos)));
});

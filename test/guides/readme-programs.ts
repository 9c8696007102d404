/** A program of a README: blocks as they are printed, with what its text says is there before them. */
export interface ReadmeProgram {
  readonly readme: string;
  /** Numbers of the README's blocks that are no `sh`, from 0; blocks of one program follow each other in one file. */
  readonly blocks: readonly number[];
  /** Made small: what is taken off is size and length only. */
  readonly changes?: readonly (readonly [RegExp, string])[];
  /** What the text says is there. */
  readonly before?: string;
  /** Prints what the block has made. */
  readonly after?: string;
  /** All that it prints. */
  readonly prints: RegExp;
  /** The name under which the block has to lie, where it tells one; it is then only type-checked by what imports it. */
  readonly file?: string;
}

/** Every program of the READMEs but their first blocks, which `test/packaging` runs from tarballs. */
export const readmePrograms: readonly ReadmeProgram[] = [
  {
    readme: 'packages/ssl-data/README.md',
    blocks: [1],
    changes: [
      [/size: 224/, 'size: 32'],
      [/batchSize: 256/, 'batchSize: 8'],
    ],
    after: `
for await (const { views: [first] } of loader.epoch(0)) console.log(first!.shape.join(' '));
await loader.close();`,
    prints: /^(?:8 32 32 3\n){3}$/,
  },
  {
    readme: 'packages/ssl-data/README.md',
    blocks: [2],
    before: `
import { Linear } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
const model = new Linear(4, 2, { key: randomKey(0) });`,
    after: `console.log(test.classes.join(' '), [...test.labels!].join(' '));`,
    prints: /^cats dogs 0 0 0 0 1 1 1 1\n$/,
  },
  { readme: 'packages/ssl-data/README.md', blocks: [3], file: 'my-view.js', prints: /^$/ },
  {
    readme: 'packages/ssl-data/README.md',
    blocks: [4],
    before: `import { DataLoader, ImageArrayDataset } from '@selfsup/ssl-data';`,
    after: `
const dataset = new ImageArrayDataset({ data: new Uint8Array(64).fill(7), shape: [4, 4, 4] });
const loader = new DataLoader({ dataset, views, batchSize: 4, workers: 1 });
for await (const { views: [first, second] } of loader.epoch(0)) console.log(first!.data[0], second!.data[63]);
console.log(loader.inProcessReason);
await loader.close();`,
    prints: /^10 10\nundefined\n$/,
  },
  {
    readme: 'packages/ssl-data/README.md',
    blocks: [5],
    file: 'squares.js',
    before: `import { DataLoader } from '@selfsup/ssl-data';
import { isMainThread } from 'node:worker_threads';`,
    after: `
if (isMainThread) {
  const loader = new DataLoader({ dataset: openSquares({ length: 4 }), shuffle: false, batchSize: 4, workers: 1 });
  for await (const { images, labels } of loader.epoch(0)) console.log(images!.data[191], labels!.data.join(' '));
  console.log(loader.inProcessReason);
  await loader.close();
}`,
    prints: /^4 0 1 2 3\nundefined\n$/,
  },
  {
    readme: 'packages/ssl-multimodal/README.md',
    blocks: [1],
    changes: [
      [/stem: 'cifar'/, "stem: 'cifar', width: 8"],
      [/hiddenSize: 256/, 'hiddenSize: 16'],
      [/intermediateSize: 1024/, 'intermediateSize: 32'],
    ],
    before: `
const pictures = { data: Uint8Array.from({ length: 4 * 192 }, (_, at) => (7 * at) % 256), shape: [4, 8, 8, 3] };
const captions = ['a cat', 'a dog', 'a red cat', 'a red dog'];`,
    after: `console.log(written.length, scores.length, imageToText.length, kept.length <= 8);`,
    prints: /^4 4 3 true\n$/,
  },
  {
    readme: 'packages/ssl-tensor/README.md',
    blocks: [1],
    prints: /^\d+ bytes\n$/,
  },
  {
    readme: 'packages/ssl-tensor/README.md',
    blocks: [2],
    after: `console.log(typeof (require('node:path') as { join: unknown }).join);`,
    prints: /^function\n$/,
  },
  {
    readme: 'packages/ssl-text-mlm/README.md',
    blocks: [1, 2, 3, 4, 5],
    after: `
const classifying = new AdamW([{ parameters: classification.trainable() }]);
const { history } = await new Trainer({ method: classification, loader: batches, optimizer: classifying, schedule: 1e-2, epochs: 2, seed: 0 }).fit();
console.log(history[0]!.loss > 0.8, history.at(-1)!.loss < 0.2);`,
    prints:
      /^.*bone \d+ %.*\n\d+ tokens in 300 texts; \d+ batches, [\d.]+ full\n\d+ tokens, the second from 0 to \d; \d+ windows\ntrue true\n$/,
  },
  {
    readme: 'packages/ssl-text-mlm/README.md',
    blocks: [6],
    after: `
import { fillMask } from '@selfsup/ssl-text-mlm';
const [mask] = await fillMask(model, tokenizer, 'a dog chews [MASK]', 1);
console.log(mask?.candidates[0]?.token, ignored.size);`,
    prints: /^bone 0\n$/,
  },
  {
    readme: 'packages/ssl-text-mlm/README.md',
    blocks: [7],
    prints: /^eats\n$/,
  },
  {
    readme: 'packages/ssl-text-mlm/README.md',
    blocks: [8],
    changes: [[/vocabSize = 8192/, 'vocabSize = 60']],
    after: `console.log(method.name, method.trainable().size > 50);`,
    prints: /^replaced-token-detection true\n$/,
  },
  {
    readme: 'packages/ssl-train/README.md',
    blocks: [0, 1],
    before: `const accuracy = async () => 0.75;`,
    after: `
import { readdir } from 'node:fs/promises';
console.log(result.steps, result.evaluations.map(({ metrics }) => metrics.knn).join(' '));
console.log((await readdir('runs/first')).sort().join(' '));`,
    prints:
      /^loss .*\n200 0.75 0.75\nlog\.jsonl step-00000100\.safetensors step-00000150\.safetensors step-00000200\.safetensors\n$/,
  },
  {
    readme: 'packages/ssl-train/README.md',
    blocks: [4],
    after: `console.log(observers.map(({ name }) => name).join());`,
    prints: /^runReport runs\/first\/report\.html\n$/,
  },
  {
    readme: 'packages/ssl-train/README.md',
    blocks: [0, 2, 3],
    // Stand-ins: a server that takes everything, and a client that keeps the steps.
    before: `
globalThis.fetch = async () =>
  Response.json({ experiment: { experiment_id: '1' }, run: { info: { run_id: 'a' } } });
const seen: number[] = [];
const wandb = {
  init: async (_: object) => ({
    id: 'a',
    log: (_: object, { step }: { step: number }) => void seen.push(step),
    finish: (status: number) => console.log('wandb', status, seen.length, seen.at(-1)),
  }),
};`,
    after: `
import { readFile, readdir } from 'node:fs/promises';
console.log((await readFile('runs/logged/log.csv', 'utf8')).split('\\r\\n').length);
console.log((await readdir('runs/logged/board')).length);`,
    prints: /^loss .*\nwandb 0 21 200\n23\n1\n$/,
  },
  {
    readme: 'packages/ssl-train/README.md',
    blocks: [0, 5],
    changes: [
      [/\(\) => random\.normal\(\)/, '(_, at) => (isPoisoned && batch === 2 && at === 0 ? NaN : random.normal())'],
      [/const watched/, 'isPoisoned = true;\nconst watched'],
    ],
    before: 'let isPoisoned = false;',
    after: `console.log(message.slice(message.indexOf('The first')));
console.log(String(losses), found[0]!.kind, batches.length);`,
    prints:
      /^loss .*\nThe first tensor of step 3 that is not finite is 'x' of the batch \(1 NaN of 64 values\)\. .*nan-step-00000003\.safetensors holds the step: replayStep\(path, \{ method \}\) computes it again\nNaN batch 1\n$/,
  },
  {
    readme: 'packages/ssl-transfer/README.md',
    blocks: [1],
    before: `
import { randomKey } from '@selfsup/ssl-tensor';
import { extractFeatures, inBatches, linearProbe } from '@selfsup/ssl-transfer';
import { SmallConvEncoder } from '@selfsup/ssl-vision';
const backbone = new SmallConvEncoder({ key: randomKey(0) });
const digits = (count: number) => ({
  images: { data: Uint8Array.from({ length: count * 64 }, (_, i) => ((i >> 6) % 2 ? 200 : 20) + (i % 31)), shape: [count, 8, 8, 1] },
  labels: Int32Array.from({ length: count }, (_, i) => i % 2),
});
const { images, labels } = digits(64);
const { images: testImages, labels: testLabels } = digits(20);
const encoded = await extractFeatures((batch) => backbone.forward(normalizeImages(batch, mnistStatistics)), inBatches(images, 32));
const probe = linearProbe({ train: encoded, trainLabels: labels, test: encoded, testLabels: labels });`,
    after: `console.log(accuracy, [...confusion.data].join(' '));`,
    prints: /^1 10 0 0 10\n$/,
  },
  {
    readme: 'packages/ssl-transfer/README.md',
    blocks: [2],
    before: `
import * as tf from '@tensorflow/tfjs-core';
import { Linear, parametersOf } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer } from '@selfsup/ssl-train';
const model = new Linear(12, 12, { key: randomKey(0) });
const forward = (x: tf.Tensor) => model.forward(tf.div(tf.reshape(x, [-1, 12]), 255) as tf.Tensor2D);
const some = (count: number) => ({
  images: { data: Uint8Array.from({ length: count * 12 }, (_, i) => ((i / 12) % 2 < 1 ? i % 12 < 6 : i % 12 > 5) ? 200 : i % 31), shape: [count, 2, 2, 3] },
  labels: Int32Array.from({ length: count }, (_, i) => i % 2),
});
const { images, labels } = some(64);
const { images: testImages, labels: testLabels } = some(20);
const method = {
  name: 'zero', settings: {}, modules: { model }, trainable: () => parametersOf({ model }),
  loss: ({ images }: { images: tf.Tensor }) => ({ loss: tf.mean(tf.square(forward(images))) as tf.Scalar }),
};
const loader = { batchesPerEpoch: 2, async *epoch() { yield { images }; yield { images }; }, close: async () => {} };`,
    after: `
const optimizer = new AdamW([{ parameters: method.trainable() }]);
const { evaluations } = await new Trainer({ method, loader, optimizer, schedule: 1e-3, epochs: 1, seed: 0, observers, progress: 'silent' }).fit();
console.log(evaluations.map(({ metrics }) => Object.keys(metrics).join()).join(' '), evaluations.at(-1)!.metrics['knn']);`,
    prints: /^featureDeviation,collapseLevel,rankMe,effectiveRank knn 1\n$/,
  },
];

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '@selfsup/ssl-core';
import { AdamW, Trainer } from '@selfsup/ssl-train';
import { extractFeatures, inBatches } from '@selfsup/ssl-transfer';
import '../../../../test/support/to-be-all-close.js';
import { classes, drawn, pairs, sentences, small, tokenizer } from '../../test/shapes.js';
import { classifyByNames } from '../evaluation/classify-by-names.js';
import { retrievalRecall } from '../evaluation/retrieval-recall.js';
import type { ImageTextBatch } from '../data/image-text-batch.js';
import { type Clip, type ClipOptions, clipDefaults } from './clip.js';

const batchOf = async (): Promise<ImageTextBatch> => {
  for await (const batch of pairs(24, 8).epoch(0)) return batch;
  throw new RangeError('no batch');
};
const tensors = ({ images, inputIds, attentionMask }: ImageTextBatch) => ({
  images: tf.tensor(Int32Array.from(images.data), [...images.shape], 'int32'),
  inputIds: tf.tensor(inputIds.data, [...inputIds.shape], 'int32'),
  attentionMask: tf.tensor(attentionMask.data, [...attentionMask.shape], 'int32'),
});
const evaluation = { training: false, values: {}, phase: 'train' } as const;
const rowsOf = (matrix: tf.Tensor2D): number[][] => matrix.arraySync();
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, at) => sum + x * b[at]!, 0);

describe.each([
  ['clip', 0.8],
  ['siglip', 0.5],
] as const)('Clip with %s', (loss, least) => {
  it('is the loss of the papers of its embeddings, in float64', async () => {
    const method = small({ loss });
    const batch = tensors(await batchOf());
    const [images, texts] = [rowsOf(method.embedImages(batch.images)), rowsOf(method.embedTexts(batch))];
    images.forEach((row) => expect(dot(row, row)).toBeCloseTo(1, 5));
    const scale = 1 / clipDefaults.temperature[loss];
    const logits = images.map((image) => texts.map((text) => scale * dot(image, text)));
    const crossEntropy = (rows: number[][]): number =>
      rows.reduce((sum, row, at) => sum + Math.log(row.reduce((all, x) => all + Math.exp(x), 0)) - row[at]!, 0) /
      rows.length;
    const expected =
      loss === 'clip'
        ? (crossEntropy(logits) + crossEntropy(logits[0]!.map((_, column) => logits.map((row) => row[column]!)))) / 2
        : logits.reduce(
            (sum, row, i) =>
              sum + row.reduce((all, x, j) => all + Math.log1p(Math.exp(i === j ? -(x - 10) : x - 10)), 0),
            0,
          ) / logits.length;
    const found = method.loss(batch, evaluation);
    expect(found.loss.dataSync()[0]).toBeCloseTo(expected, 4);
    expect(found.metrics!['scale']!.dataSync()[0]).toBeCloseTo(scale, 3);
  });

  it('names pictures that it has not seen by sentences of their classes, and finds them by text', async () => {
    const count = 10 * classes.length;
    const test = drawn(count, 99);
    const judge = async (method: Clip): Promise<readonly [number, number]> => {
      const images = await extractFeatures((x) => method.embedImages(x), inBatches(test.images, 60));
      const encoded = tokenizer.encodeBatch(sentences);
      const texts = await extractFeatures((x) => method.embedTexts(x), inBatches(encoded, 24));
      const { data } = (await classifyByNames(images, texts, classes.length)).classes;
      const right = test.labels.filter((label, row) => data[row * classes.length] === label).length / count;
      const one = { data: images.data.subarray(0, classes.length * 16), shape: [classes.length, 16] };
      return [right, (await retrievalRecall(one, texts, [1])).textToImage[0]!];
    };
    const trained = small({ loss });
    const loader = pairs(240, 48);
    const optimizer = new AdamW([{ parameters: trained.trainable() }]);
    await new Trainer({
      method: trained,
      loader,
      optimizer,
      schedule: 5e-3,
      steps: 60,
      seed: 0,
      progress: 'silent',
    }).fit();
    const [right, recall] = await judge(trained);
    const [chance] = await judge(small({ loss }));
    expect(chance).toBeLessThan(0.25);
    expect(right).toBeGreaterThan(least);
    expect(recall).toBeGreaterThan(least);
  });
});

describe('Clip', () => {
  it('limits the scale of clip', async () => {
    const method = small({ temperature: 0.001 });
    const { metrics } = method.loss(tensors(await batchOf()), evaluation);
    expect(metrics!['scale']!.dataSync()[0]).toBe(100);
  });

  it.each(['clip', 'siglip'] as const)(
    'refuses one pair, and pictures and texts that are not as many: %s',
    async (loss) => {
      const method = small({ loss });
      const { images, inputIds, attentionMask } = tensors(await batchOf());
      const first = <T extends tf.Tensor>(x: T, count: number): T => tf.slice(x, [0], [count]);
      const one = { images: first(images, 1), inputIds: first(inputIds, 1), attentionMask: first(attentionMask, 1) };
      expect(() => method.loss(one, evaluation)).toThrow('Clip: batch must be of two pairs or more');
      expect(() => method.loss({ images: first(images, 3), inputIds, attentionMask }, evaluation)).toThrow(
        'a text for each of the 3 pictures, got 8 texts',
      );
    },
  );

  it('has names for its settings and weights', () => {
    expect(small().settings).toMatchObject({ loss: 'clip', temperature: 0.07, maxScale: 100 });
    expect([...small({ loss: 'siglip' }).modules.scale.stateDict().keys()]).toEqual(['logit_scale', 'logit_bias']);
    expect([...small().modules.scale.stateDict().keys()]).toEqual(['logit_scale']);
  });

  it.each(['image', 'text'] as const)(
    'trains all but a frozen tower of %ss, which computes as in evaluation',
    async (frozen) => {
      const method = small({ frozen });
      const names = [...method.trainable().keys()];
      const other = frozen === 'image' ? 'text' : 'image';
      expect(names.filter((name) => name.startsWith(`${frozen}.`))).toEqual([]);
      expect(names).toHaveLength(method.modules[other].namedParameters().size + 3);
      const before = method.modules[frozen].stateDict();
      const loader = pairs(48, 24);
      const optimizer = new AdamW([{ parameters: method.trainable() }]);
      await new Trainer({ method, loader, optimizer, schedule: 1e-2, steps: 3, seed: 0, progress: 'silent' }).fit();
      for (const [name, { data }] of method.modules[frozen].stateDict())
        expect([name, data]).toEqual([name, before.get(name)!.data]);
    },
  );

  it.each<[string, Partial<ClipOptions>]>([
    ['loss', { loss: 'triplet' as 'clip' }],
    ['embedDim', { embedDim: 0 }],
    ['temperature', { temperature: 0 }],
    ['maxScale', { maxScale: -1 }],
    ['frozen', { frozen: 'both' as 'image' }],
    ['image', { image: {} as never }],
    ['text', { text: (() => 0) as never }],
  ])('refuses %s out of range', (_name, options) => {
    expect(() => small(options)).toThrow(InvalidOptionError);
  });
});

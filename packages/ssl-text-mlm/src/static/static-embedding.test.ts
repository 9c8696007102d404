import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { randomKey, RandomStream } from '@selfsup/ssl-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../../../test/support/to-be-all-close.js';
import { bertConfig } from '../bert/bert-config.js';
import { BertModel } from '../bert/bert-model.js';
import { BertTextEncoder } from '../bert/bert-text-encoder.js';
import { trainWordPiece } from '../tokenizer/train-word-piece.js';
import { distilStaticEmbedding } from './distil-static-embedding.js';
import { principalComponents } from './principal-components.js';
import { StaticEmbedding } from './static-embedding.js';
import { loadStaticEmbedding, saveStaticEmbedding } from './static-embedding-folder.js';

const key = randomKey(2);
const tokenizer = await trainWordPiece({ lines: ['the cat eats fish', 'the dog chews bones'], vocabSize: 60 });
const config = bertConfig({
  vocabSize: tokenizer.vocabSize,
  hiddenSize: 12,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  intermediateSize: 16,
  maxPositionEmbeddings: 8,
  initializerRange: 0.5,
});
const encoder = new BertTextEncoder(new BertModel(config, { key }));
const { pad, unk, cls, sep, mask } = tokenizer.specialIds;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ssl-static-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('principalComponents', () => {
  const [count, width] = [40, 7];
  const stream = new RandomStream(randomKey(1));
  const rows = Float64Array.from({ length: count * width }, (_, at) => stream.normal(3, 1 + (at % width)));
  const moments = (data: ArrayLike<number>, dim: number): number[][] => {
    const means = Array.from({ length: dim }, (_, i) => {
      let sum = 0;
      for (let row = 0; row < count; row++) sum += data[row * dim + i]! / count;
      return sum;
    });
    return means.map((a, i) =>
      means.map((b, j) => {
        let sum = 0;
        for (let row = 0; row < count; row++) sum += (data[row * dim + i]! - a) * (data[row * dim + j]! - b);
        return sum / count;
      }),
    );
  };

  it('are uncorrelated, the largest variance first, and keep all of it', () => {
    const found = moments(principalComponents(rows, count, width, width), width);
    const variances = found.map((row, i) => row[i]!);
    expect(variances).toEqual(variances.toSorted((a, b) => b - a));
    const beside = found.flatMap((row, i) => row.filter((_, j) => i !== j));
    expect(Math.max(...beside.map(Math.abs))).toBeLessThan(1e-4);
    const total = moments(rows, width).reduce((sum, row, i) => sum + row[i]!, 0);
    expect(variances.reduce((a, b) => a + b)).toBeCloseTo(total, 3);
  });

  it('keep all distances where none is left out', () => {
    const whole = principalComponents(rows, count, width, width);
    const distance = (data: ArrayLike<number>, a: number, b: number): number =>
      Math.hypot(...Array.from({ length: width }, (_, i) => data[a * width + i]! - data[b * width + i]!));
    for (let a = 0; a < 8; a++) expect(distance(whole, a, a + 9)).toBeCloseTo(distance(rows, a, a + 9), 4);
    const part = principalComponents(rows, count, width, 2);
    for (let row = 0; row < count; row++)
      for (let i = 0; i < 2; i++) expect(part[row * 2 + i]).toBe(whole[row * width + i]);
  });
});

describe('distilStaticEmbedding', () => {
  it('is the recipe by steps: single tokens, principal components, less weight for frequent ones', async () => {
    const [dim, sif] = [5, 1e-2];
    const student = await distilStaticEmbedding({ encoder, tokenizer, dim, sif, batchSize: 7 });
    const special = [pad, unk, cls, sep, mask];
    const ids = Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter((id) => !special.includes(id));
    const inputIds = tf.tensor2d(
      ids.flatMap((id) => [cls, id, sep]),
      [ids.length, 3],
      'int32',
    );
    const vectors = encoder.forward({ inputIds }).dataSync();
    const reduced = principalComponents(vectors, ids.length, 12, dim);
    const total = ids.reduce((sum, _, rank) => sum + 1 / (2 + rank), 0);
    const table = student.stateDict().get('embeddings')!;
    expect(table.shape).toEqual([tokenizer.vocabSize, dim]);
    ids.forEach((id, rank) => {
      const weight = sif / (sif + 1 / (2 + rank) / total);
      const wanted = [...reduced.subarray(rank * dim, (rank + 1) * dim)].map((value) => value * weight);
      // The same up to the float32 of the encoder's two ways of running.
      expect([...table.data.subarray(id * dim, (id + 1) * dim)]).toBeAllClose(wanted, { rtol: 1e-3, atol: 1e-4 });
    });
    for (const id of special) expect([...table.data.subarray(id * dim, (id + 1) * dim)]).toEqual([0, 0, 0, 0, 0]);
  });

  it('takes counts in place of the order of the vocabulary', async () => {
    const counts = Array.from({ length: tokenizer.vocabSize }, (_, id) => (id % 2 === 0 ? 1000 : 0));
    const student = await distilStaticEmbedding({ encoder, tokenizer, counts });
    expect(student.featureDim).toBe(12);
    const table = student.stateDict().get('embeddings')!.data as Float32Array;
    const length = (id: number): number => Math.hypot(...table.subarray(id * 12, (id + 1) * 12));
    const [even, odd] = [0, 1].map((rest) =>
      Math.max(...Array.from({ length: tokenizer.vocabSize }, (_, id) => (id % 2 === rest ? length(id) : 0))),
    );
    expect(even! / odd!).toBeLessThan(0.02);
  });

  it('names what is wrong', async () => {
    await expect(distilStaticEmbedding({ encoder, tokenizer, dim: 13 })).rejects.toThrow(
      "at most 12, the teacher's width",
    );
    await expect(distilStaticEmbedding({ encoder, tokenizer, counts: [1] })).rejects.toThrow('one for each token');
    await expect(distilStaticEmbedding({ encoder, tokenizer: {} as never })).rejects.toThrow('tokenizer');
  });
});

describe('StaticEmbedding', () => {
  const student = new StaticEmbedding(tokenizer.vocabSize, 6, { key });
  const texts = ['the cat', 'dog chews the fish', ''];
  const sequences = texts.map((text) => tokenizer.encode(text));

  it.each([true, false])('is the mean of the tokens, in the graph and on the host; normalised: %s', (normalize) => {
    const own = new StaticEmbedding(tokenizer.vocabSize, 6, { key, normalize });
    const { inputIds, attentionMask } = tokenizer.encodeBatch(texts);
    const tensor = ({ data, shape }: { data: Int32Array; shape: readonly number[] }): tf.Tensor =>
      tf.tensor(data, [...shape], 'int32');
    const found = own.forward({ inputIds: tensor(inputIds), attentionMask: tensor(attentionMask) });
    const table = own.stateDict().get('embeddings')!.data as Float32Array;
    const wanted = sequences.map((ids) => {
      const mean = Array.from(
        { length: 6 },
        (_, i) => ids.reduce((sum, id) => sum + table[id * 6 + i]!, 0) / ids.length,
      );
      return normalize ? mean.map((value) => value / Math.hypot(...mean)) : mean;
    });
    expect(found.dataSync()).toBeAllClose(wanted.flat(), { atol: 1e-6 });
    expect(own.embedIds(sequences).data).toBeAllClose(wanted.flat(), { atol: 1e-6 });
  });

  it('comes back from its folder, by the names of model2vec', async () => {
    const path = join(folder, 'own');
    await saveStaticEmbedding(path, student, tokenizer);
    const read = await loadStaticEmbedding(path);
    expect(read.encoder.embedIds(sequences)).toEqual(student.embedIds(sequences));
    expect(read.tokenizer.encode('the dog')).toEqual(tokenizer.encode('the dog'));
    const config = JSON.parse(await readFile(join(path, 'config.json'), 'utf8')) as object;
    expect(config).toMatchObject({ model_type: 'model2vec', normalize: true, hidden_dim: 6 });
  });

  it('names what is wrong', async () => {
    expect(() => student.embedIds([[tokenizer.vocabSize]])).toThrow('sequences[0][0]');
    const other = new StaticEmbedding(9, 6, { key });
    await expect(saveStaticEmbedding(join(folder, 'x'), other, tokenizer)).rejects.toThrow('the table has 9 tokens');
    const path = join(folder, 'broken');
    await saveStaticEmbedding(path, student, tokenizer);
    await writeFile(join(path, 'config.json'), '{"normalize": "yes"}');
    await expect(loadStaticEmbedding(path)).rejects.toThrow('true or false');
    await writeFile(join(path, 'config.json'), '{');
    await expect(loadStaticEmbedding(path)).rejects.toThrow('is no JSON');
    await expect(loadStaticEmbedding(join(folder, 'nowhere'))).rejects.toThrow('config.json');
  });
});
